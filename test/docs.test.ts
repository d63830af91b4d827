import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { copy } from "../cli/copy.ts";
import { serve } from "../cli/serve.ts";
import { VARIABLES, readEnvironment } from "../drivers/env/read.ts";
import { toSettings } from "../drivers/env/settings.ts";
import s3 from "../drivers/s3.ts";
import { profiles } from "../drivers/s3/providers.ts";
import { type ErrorCode, StorageError } from "../src/error.ts";
import { GuardError } from "../src/guard.ts";
import { toResponse } from "../src/respond.ts";
import { deviations, deviationsWithVersions, withLock } from "./deviations.ts";
import { budgets } from "./bundles/budgets.ts";
import { checkAws, parseAws } from "./docs/aws.ts";
import {
  anchorsOf,
  type Block,
  blocks,
  blocksOfKind,
  documents,
  firstColumn,
  kindOf,
  root,
  rowsOf,
  sectionOf,
  textOf,
} from "./docs/blocks.ts";
import { commands, commandsOf, inlineCommands } from "./docs/commands.ts";
import { checkLayout } from "./docs/layout.ts";
import { providerTables } from "./docs/providers.ts";
import { runBlock, type Substitutions } from "./docs/snippet.ts";
import { pathsOf } from "./docs/tree.ts";
import { typeErrors } from "./docs/typecheck.ts";
import { failure, happy, type Wire, wire, xml } from "./support/wire.ts";

const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** The members of an interface as it stands in a source file. */
function membersOf(path: string, name: string): string[] {
  const body = new RegExp(`export interface ${name}\\b[^{]*\\{\\n([^]*?)\\n\\}`).exec(read(path))?.[1] ?? "";
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?(:<]/gm)].map(([, member = ""]) => member);
}

describe("blocks", () => {
  it("are all of a kind that is run", () => {
    expect(blocks.map(kindOf).filter((kind) => kind === undefined)).toEqual([]);
    expect(documents).toEqual(
      expect.arrayContaining(["README.md", "CONTRIBUTING.md", "MIGRATING.md", "drivers/s3.md", "drivers/env.md"]),
    );
  });

  it("of an unknown kind fail", () => {
    expect(() => kindOf({ place: "a.md:1", document: "a.md", info: "tsx", code: "" })).toThrow(/a\.md:1/);
  });

  it.each(blocksOfKind("run"))("of TypeScript run: $place", (block) => runBlock(block));

  it("of TypeScript compile under the project's options", async () => {
    const code = blocks.filter(({ info }) => info === "ts" || info === "js");
    expect(await typeErrors(code.filter((block) => kindOf(block) !== "fixture"))).toBe("");
  });

  it.each(blocksOfKind("fixture"))("of a Nuxt app are files of the one that is built: $place", ({ code }) => {
    const [name = "", ...lines] = code.split("\n");
    expect(`${lines.join("\n")}\n`).toBe(read(`test/fixtures/nuxt/${name.replace("// ", "")}`));
  });

  it.each(blocksOfKind("json"))("of JSON are documents that AWS knows: $place", (block) => checkAws(parseAws(block)));

  it.each(blocksOfKind("env"))("of variables are known and make settings: $place", ({ code }) => {
    const values = parseEnv(code);
    expect(Object.keys(values).filter((name) => !Object.hasOwn(VARIABLES, name))).toEqual([]);
    expect(toSettings(readEnvironment(values)).backend).toBe(values["STORAGE_BACKEND"]);
  });

  it.each(blocksOfKind("sh"))("of commands are run by the file that the table names: $place", ({ code }) => {
    for (const { command, variables } of commandsOf(code)) {
      expectProof(command);
      expect(variables.filter((name) => !Object.hasOwn(VARIABLES, name))).toEqual([]);
    }
  });

  it.each(blocksOfKind("tree"))(
    "that draw a tree name what is there, and all of src, drivers and the root: $place",
    (block) => {
      const paths = pathsOf(block.code);
      expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
      const onMap = (folder: string, extension: string): string[] =>
        readdirSync(join(root, folder), { withFileTypes: true })
          .filter((entry) => entry.isDirectory() || entry.name.endsWith(extension))
          .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? "/" : ""}`);
      const found = [...onMap("src/", ".ts"), ...onMap("drivers/", ".ts")];
      expect(found.filter((path) => !paths.includes(path))).toEqual([]);
    },
  );
});

it("README.md shows the runtimes as a run saw them: copy test/runtimes/table.md into it", () => {
  expect(read("README.md")).toContain(read("test/runtimes/table.md"));
});

describe("the drawing of a folder", () => {
  it.each(blocksOfKind("layout"))("is what the driver makes: $place", ({ code }) => checkLayout(code));
});

/** A command is in the table, and the file that it names shows that it is run there. */
function expectProof(command: string): void {
  const test = /^npx vitest run (test\/\S+?)(?: -u)?$/.exec(command)?.[1];
  const project = /^npx vitest run --project (\w+)$/.exec(command)?.[1];
  const proof = test
    ? { file: test, shows: "vitest" }
    : project
      ? { file: "vitest.config.ts", shows: `name: "${project}"` }
      : commands[command];
  expect(proof, `${command} is not in test/docs/commands.ts`).toBeDefined();
  expect(read(proof?.file ?? "")).toContain(proof?.shows);
}

describe("README.md on a true 404", () => {
  it("is right that a 403 for a missing key is denied, never absence", async () => {
    const keys = { accessKeyId: "a", secretAccessKey: "b" };
    const store = s3({ bucket: "my-bucket", ...keys, fetch: async () => new Response(null, { status: 403 }) });
    for (const verb of ["exists", "head", "download"] as const)
      await expect(store[verb]("nothing.txt")).rejects.toMatchObject({ code: "denied" });
  });
});

describe("drivers/s3.md", () => {
  /** The block that holds a text, on a scripted server, followed by `more`. */
  async function runWith(text: string, server: Wire, more: string, values: Substitutions = {}): Promise<void> {
    const [block, ...others] = blocks.filter(
      ({ document, code }) => document === "drivers/s3.md" && code.includes(text),
    );
    expect(others).toEqual([]);
    await runBlock(
      { ...(block as Block), code: `${block?.code}\n${more}` },
      { ...values, "http://localhost:9000": server.url },
    );
  }

  it("is right about web identity: a stub of STS is asked as STS wants it, and its keys sign", async () => {
    const folder = mkdtempSync(join(tmpdir(), "token-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "token"), "a.web.token");
    const keys = `<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>role-token</SessionToken>`;
    const sts = xml(
      "AssumeRoleWithWebIdentityResponse",
      `<AssumeRoleWithWebIdentityResult><Credentials>${keys}<Expiration>2126-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>`,
    );
    const server = await wire((request) => (request.path === "/sts" ? sts : happy(request)));
    await runWith("AssumeRoleWithWebIdentity", server, `await store.upload("a", "b"); await store.exists("a");`, {
      "https://sts.eu-central-1.amazonaws.com/": `${server.url}/sts`,
      'process.env["AWS_WEB_IDENTITY_TOKEN_FILE"] ?? ""': JSON.stringify(join(folder, "token")),
      'process.env["AWS_ROLE_ARN"] ?? ""': '"arn:aws:iam::123456789012:role/app"',
      'region: "eu-central-1"': `endpoint: "${server.url}"`,
    });
    expect(server.lines()).toEqual(["POST /sts", "PUT /my-bucket/a", "HEAD /my-bucket/a"]);
    expect(Object.fromEntries(new URLSearchParams(server.requests[0]?.body.toString()))).toEqual({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: "arn:aws:iam::123456789012:role/app",
      RoleSessionName: "my-app",
      WebIdentityToken: "a.web.token",
    });
    expect(server.requests[1]?.headers).toMatchObject({
      "x-amz-security-token": "role-token",
      authorization: expect.stringContaining("Credential=ASIA/"),
    });
  });

  it("is right about OpenTelemetry: each request and each call is a span, with its error", async () => {
    const server = await wire(failure(403, "AccessDenied"), happy);
    const standIn = `const seen = [];
      const span = (name) => ({ setAttribute: (key, value) => key.startsWith("http") && seen.push(value),
        recordException: (error) => seen.push(error.code), end: () => seen.push(name) });
      trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan: span }) });
      const tracer =`;
    const more = `seen; // => [403, "s3 PutObject", "denied", "s3 upload", 200, "s3 PutObject", "s3 upload"]`;
    await runWith("@opentelemetry/api", server, more, {
      "const tracer =": standIn,
      "await store.upload": 'await store.upload("hello.txt", "x").catch(() => {});\nawait store.upload',
    });
  });
});

describe("the running of blocks", () => {
  const block = (code: string): Block => ({ place: "here:1", document: "here", info: "ts", code });

  it("fails when a line with => does not hold", async () => {
    await runBlock(block("1 + 1; // => 2"));
    await expect(runBlock(block("1 + 1; // => 3"))).rejects.toThrow(/here:1/);
  });

  it("names the place of a block that does not compile", async () => {
    expect(await typeErrors([block("export const a = 1;"), block('store.upload(1, "a");')])).toMatch(
      /^here:1\(1,\d+\): error/,
    );
  });

  it("fails when a block throws, and when an app does not serve", async () => {
    await expect(runBlock(block('await store.download("nothing");'))).rejects.toThrow(/not-found|no object/);
    await expect(runBlock(block("export default { fetch: () => new Response() };"))).rejects.toThrow(/here:1/);
  });
});

describe("text", () => {
  it.each(documents)("of %s tells only commands that are proven", (document) => {
    for (const command of inlineCommands(textOf(document))) expectProof(command);
  });

  it.each(documents)("of %s links to files that are there", (document) => {
    const links = [...textOf(document).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(
      ([, path = ""]) => path,
    );
    expect(links.filter((path) => !existsSync(join(root, dirname(document), path)))).toEqual([]);
  });

  it.each(documents)("of %s links to headings that are there", (document) => {
    const links = [...textOf(document).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)].map(
      ([, path = "", anchor = ""]) => ({ path: path ? join(dirname(document), path) : document, anchor }),
    );
    expect(links.filter(({ path, anchor }) => path.endsWith(".md") && !anchorsOf(path).has(anchor))).toEqual([]);
  });

  it.each(documents)("of %s names files that are there", (document) => {
    const named = [
      ...textOf(document).matchAll(/`((?:src|drivers|test|playground|cli|scripts)\/[\w./-]+\.(?:ts|mjs|md))`/g),
    ];
    const missing = named.map(([, path = ""]) => path).filter((path) => !/\/x(\.live)?\./.test(path));
    expect(missing.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

it("DESIGN.md numbers its decisions in the order in which they are read", () => {
  const numbers = [...textOf("DESIGN.md").matchAll(/^\*\*(\w+)\. /gm)].map(([, number]) => number);
  expect(numbers.length).toBeGreaterThan(20);
  expect(numbers).toEqual(numbers.map((_, index) => String(index + 1)));
});

describe("tables", () => {
  it.each([
    ["drivers/s3/options.ts", "S3Options", "drivers/s3.md", "Options"],
    ["drivers/fs/options.ts", "FsOptions", "drivers/fs.md", "Options"],
    ["drivers/memory.ts", "MemoryOptions", "drivers/memory.md", "Options"],
    ["drivers/r2.ts", "R2Options", "drivers/r2.md", "Options"],
    ["src/gateway/options.ts", "GatewayOptions", "src/gateway.md", "Options"],
    ["src/copy.ts", "CopyAllOptions", "src/copy.md", "In code"],
    ["drivers/fs/watch-options.ts", "WatchOptions", "drivers/fs.md", "Watching"],
  ])("%s: every option of %s is in %s, and no other", (source, name, document, section) => {
    const options = membersOf(source, name);
    expect(options).not.toEqual([]);
    const told = firstColumn(sectionOf(document, section));
    expect(options.filter((option) => !told.includes(option))).toEqual([]);
    expect(told.filter((option) => !options.includes(option))).toEqual([]);
  });

  it("src/gateway.md: every option of unbucket serve, and no other", () => {
    const { folder: _, ...options } = serve.args as Readonly<Record<string, object>>;
    const told = firstColumn(sectionOf("src/gateway.md", "On the command line"));
    expect(told).toEqual(Object.keys(options).map((option) => `--${option}`));
  });

  it("src/copy.md: every option of unbucket copy, and no other", () => {
    const { from: _, to: __, ...options } = copy.args as Readonly<Record<string, { readonly default?: unknown }>>;
    const typed = Object.entries(options).map(([name, option]) =>
      option.default === true ? `--no-${name}` : `--${name}`,
    );
    expect(firstColumn(sectionOf("src/copy.md", "On the command line")).sort()).toEqual(typed.sort());
  });

  it("drivers/s3.md: the members of retry and timeout are told", () => {
    const members = [...membersOf("src/retry.ts", "RetryOptions"), ...membersOf("drivers/s3/transport.ts", "Timeouts")];
    expect(members).toHaveLength(6);
    expect(members.filter((member) => !textOf("drivers/s3.md").includes(member))).toEqual([]);
  });

  it("drivers/s3.md: every operation of a call event", () => {
    const verbs = [...read("src/verbs.ts").matchAll(/^ {2}\| "(\w+)"/gm)].map(([, verb]) => verb);
    const rows = [...sectionOf("drivers/s3.md", "Events").matchAll(/^\|[^|]+\|([^|]+)\|$/gm)];
    const told = rows.flatMap(([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, verb]) => verb));
    expect(verbs.length).toBeGreaterThan(20);
    expect(told.toSorted()).toEqual(["operation", ...verbs].sort());
  });

  it("drivers/s3.md: every reason why a server cannot meet a case", () => {
    const names = ["minio", "seaweedfs", "versitygw", "ceph"] as const;
    const tables = [...Object.values(deviations), ...names.map(deviationsWithVersions), withLock];
    const reasons = new Set(tables.flatMap((cases) => Object.values(cases)));
    const told = sectionOf("drivers/s3.md", "Servers")
      .replaceAll("`", "")
      .replace(/ \(.*?\)/g, "");
    expect(reasons.size).toBeGreaterThan(0);
    expect([...reasons].filter((reason) => !told.includes(reason))).toEqual([]);
  });

  it("drivers/providers.md: the tables are what the profiles say", () => {
    expect(sectionOf("drivers/providers.md", "What they do").slice(-providerTables().length - 1)).toBe(
      `${providerTables()}\n`,
    );
  });

  it("drivers/providers.md: every function with its options", () => {
    const told = firstColumn(sectionOf("drivers/providers.md", "Options"));
    expect(told.sort()).toEqual(Object.keys(profiles).sort());
  });

  it("drivers/env.md: every variable with the option that is its twin", () => {
    const rows = rowsOf("drivers/env.md");
    const twins = [...rows].map(([variable, [option = ""]]) => [variable, option.replaceAll("`", "")]);
    expect(Object.fromEntries(twins)).toEqual(VARIABLES);
    expect(membersOf("drivers/env/read.ts", "EnvOptions").sort()).toEqual(
      [...Object.values(VARIABLES), "onEvent"].sort(),
    );
  });

  it("README.md: every variable", () => {
    const rows = firstColumn(textOf("README.md")).filter((name) => name.startsWith("STORAGE_"));
    expect(rows).toEqual(Object.keys(VARIABLES));
  });

  it("src/objects.md: every error code, with the status that toResponse gives", () => {
    const codes = [...read("src/error.ts").matchAll(/^ {2}\| "([a-z-]+)"/gm)].map(([, code]) => code as ErrorCode);
    const rows = rowsOf("src/objects.md");
    expect(codes).toHaveLength(19);
    const told = codes.map((code) => [code, rows.get(code)?.[1]]);
    const given = codes.map((code) => {
      const status = (operation: string): number => toResponse(new StorageError(code, "x", { operation })).status;
      const [download, other] = [status("download"), status("upload")];
      return [code, download === other ? String(other) : `${download} from \`download\`, else ${other}`];
    });
    expect(told).toEqual(given);
    for (const code of codes) expect(toResponse(new StorageError(code, "x", { operation: "open" })).status).toBe(500);
    for (const reason of ["type", "content"] as const) expect(toResponse(new GuardError(reason, "x")).status).toBe(415);
  });

  it("README.md: every verb of the interface", () => {
    const verbs = membersOf("src/interface.ts", "ObjectStore");
    const told = firstColumn(textOf("README.md")).map((cell) => cell.split("(")[0]);
    expect(verbs.length).toBeGreaterThan(12);
    expect(verbs.filter((verb) => !told.includes(verb))).toEqual([]);
  });

  it("src/objects.md: every upload option", () => {
    const options = [
      ...membersOf("src/interface.ts", "UploadOptions"),
      ...membersOf("src/backend.ts", "ObjectHeaders"),
    ];
    expect(options.filter((option) => !textOf("src/objects.md").includes(`\`${option}`))).toEqual([]);
  });

  it("README.md: what each subpath weighs, as its budget holds it", () => {
    const told = [...rowsOf("README.md")].filter(([path]) => path in budgets);
    const held = Object.entries(budgets).map(([path, bytes]) => [path, (Math.ceil(bytes / 100) / 10).toFixed(1)]);
    expect(Object.fromEntries(told.map(([path, [size]]) => [path, size]))).toEqual(Object.fromEntries(held));
  });

  it("README.md: every subpath of the package", () => {
    const { exports } = JSON.parse(read("package.json")) as { readonly exports: Record<string, unknown> };
    const paths = Object.keys(exports).filter((path) => path !== "." && path !== "./package.json");
    const text = textOf("README.md") + textOf("CHANGELOG.md");
    expect(
      paths.map((path) => path.replace("./", "")).filter((path) => !text.includes(path.replace("drivers", ""))),
    ).toEqual([]);
  });
});
