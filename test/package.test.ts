import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { codeOf, sources } from "./architecture/tree.ts";
import { packed } from "./declarations/packed.ts";
import { installed } from "./runtimes/install.ts";

type Target = string | { readonly types: string; readonly default: string };
interface Manifest {
  readonly exports: Readonly<Record<string, Target>>;
  readonly imports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly bin: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
const doors = Object.entries(manifest.exports).flatMap(([path, target]) =>
  typeof target === "string" ? [] : [{ path, name: path.replace(/^\./, "unbucket"), ...target }],
);

const { path: app, pack, tarball, remove } = packed({});
afterAll(remove);

describe("the packed package", () => {
  it.each(doors)("$path gives its names and no others", async ({ path, default: file }) => {
    const names = Object.keys((await import(pathToFileURL(join(pack, file)).href)) as object);
    expect({ [path]: names.sort() }).toEqual({ [path]: surface[path] });
  });

  // On Node an import costs by the file: see DESIGN 17.
  it.each([
    ["drivers/s3.js", 8],
    ["drivers/fs.js", 6],
    ["src/respond.js", 5],
  ])("loads few files: %s, and below it at most %i", (way, most) => {
    const seen = new Set<string>();
    const load = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, path = ""] of readFileSync(file, "utf8").matchAll(/^(?:im|ex)port .*?from "(\.[^"]+)";$/gm))
        load(join(file, "..", path));
    };
    load(join(pack, "dist", way));
    expect(seen.size - 1).toBeLessThanOrEqual(most);
    expect(seen.size).toBeGreaterThan(3);
  });

  it("has every file that its manifest names", () => {
    const targets = [
      ...doors.flatMap(({ types, default: file }) => [types, file]),
      ...Object.values(manifest.imports).flatMap((conditions) => Object.values(conditions)),
      ...Object.values(manifest.bin),
    ];
    expect(targets.filter((target) => !existsSync(join(pack, target)))).toEqual([]);
  });

  it("holds what is built and the files around it, nothing of tests or sources", () => {
    const files = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
    const top = new Set(files.map((file) => file.split("/")[1]));
    const allowed = [
      "package.json",
      "dist",
      "drivers",
      "src",
      "README.md",
      "LICENSE",
      "CHANGELOG.md",
      "CONTRIBUTING.md",
    ];
    allowed.push("DESIGN.md", "MIGRATING.md", "SECURITY.md");
    const around = ["docker-compose.yml", ".env.example"];
    expect([...top].filter((name) => ![...allowed, ...around].includes(name ?? ""))).toEqual([]);
    expect([...top]).toEqual(expect.arrayContaining(around));
    expect(files.filter((file) => /\.test\.|\/test\/|^package\/(?:src|drivers)\/.*(?<!\.md)$/.test(file))).toEqual([]);
  });

  it("leaves Node's fetch alone when it is imported, which takes longer to load than all of it", () => {
    const code = `
      for (const name of ${JSON.stringify(doors.map(({ name }) => name))}) await import(name);
      const loaded = () => process.moduleLoadList.some((name) => name.endsWith("internal/deps/undici/undici"));
      console.log(loaded(), typeof Request, loaded());
    `;
    const args = ["--input-type=module", "--eval", code];
    expect(execFileSync(process.execPath, args, { cwd: app, encoding: "utf8" })).toBe("false function true\n");
  });

  it("declares no any", () => {
    const loose = sources("dist").filter(({ path, text }) => path.endsWith(".d.ts") && /\bany\b/.test(codeOf(text)));
    expect(loose.map(({ path }) => path)).toEqual([]);
  });

  it("type-checks in a strict app that has neither Node's types nor skipLibCheck", () => {
    const lines = doors.map(({ name }, index) => `import * as door${index} from "${name}";\nvoid door${index};`);
    // What the contract and the interface speak of can be named.
    const named = "Key, MultipartBackend, PartPlan, PendingUpload, PresignedUpload, StoredPart, UploadState";
    lines.push(`import type { ${named} } from "unbucket";`, `export type Named = [${named}];`);
    writeFileSync(join(app, "app.ts"), lines.join("\n"));
    const compilerOptions = {
      ...{ strict: true, noEmit: true, skipLibCheck: false, types: [], target: "ES2022", module: "NodeNext" },
      lib: ["ES2023", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
    };
    writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["app.ts"] }));
    const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
    expect(output(process.execPath, [compiler, "-p", app])).toBe("");
  });

  it("satisfies publint", { timeout: 600_000 }, async () => {
    const publint = join(await installed(), "publint", "src", "cli.js");
    expect(output(process.execPath, [publint, pack, "--strict", "--pack", "false"])).toContain("All good!");
  });

  it("resolves with its types everywhere that loads ES modules", { timeout: 600_000 }, async () => {
    const attw = join(await installed(), "@arethetypeswrong", "cli", "dist", "index.js");
    expect(output(process.execPath, [attw, tarball, "--profile", "esm-only", "--no-color", "--no-emoji"])).not.toMatch(
      /^exit code/,
    );
  });
});

/** What each door exports at run time. */
const surface: Readonly<Record<string, readonly string[]>> = {
  ".": [
    ...["MemoryBudget", "StorageError", "checkRead", "checkWrite", "locate", "objects"],
    ...["pageOf", "parseKey", "readAll", "resolveRange", "streamOf", "toDriver"],
  ],
  "./respond": ["contentDisposition", "respond", "toResponse"],
  "./guard": ["GuardError", "cleanFilename", "guard"],
  "./form": ["FormError", "readForm"],
  "./checksum": ["crc32", "crc32c", "crc64nvme", "sha256"],
  "./post-policy": ["presignPost"],
  "./gateway": ["gateway"],
  "./copy": ["copyAll"],
  "./probe": ["FEATURES", "format", "probe"],
  "./providers": [
    ...["aws", "b2", "ceph", "garage", "gcs", "minio", "profiles", "r2"],
    ...["seaweedfs", "spaces", "tigris", "versitygw", "wasabi"],
  ],
  "./conformance": ["ConformanceError", "cases", "casesFor"],
  "./drivers/fs": ["default"],
  "./drivers/s3": ["default"],
  "./drivers/memory": ["default"],
  "./drivers/r2": ["default"],
  "./drivers/env": ["default", "getStorage"],
};

/** What a command printed; begins with its exit code when it failed. */
function output(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { cwd: app, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { status, stdout, stderr } = error as {
      readonly status: number;
      readonly stdout: string;
      readonly stderr: string;
    };
    return `exit code ${status}\n${stdout}${stderr}`;
  }
}
