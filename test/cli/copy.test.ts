import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { serve } from "srvx";
import { describe, expect, it, onTestFinished } from "vitest";
import fs from "../../drivers/fs.ts";
import memory from "../../drivers/memory.ts";
import type { Driver } from "../../src/driver.ts";
import { gateway } from "../../src/gateway.ts";
import { root } from "../docs/blocks.ts";
import { startStub } from "../faults/stub.ts";
import { failure, happy, wire } from "../support/wire.ts";

const main = join(root, "dist/cli/main.js");
const keys = { accessKeyId: "id", secretAccessKey: "secret" };

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "unbucket-copy-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Runs the built command to its end. */
async function copy(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly out: readonly string[]; readonly err: string }> {
  const options = { cwd, env: { PATH: process.env["PATH"] ?? "", ...env } };
  const lines = (text: string): string[] => text.trimEnd().split("\n");
  return promisify(execFile)(process.execPath, [main, "copy", ...args], options).then(
    ({ stdout, stderr }) => ({ code: 0, out: lines(stdout), err: stderr.trim() }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      out: lines(stdout),
      err: stderr.trim(),
    }),
  );
}

describe("unbucket copy", () => {
  it("copies a folder into a bucket and back, with headers, and goes on where it was", async () => {
    const cwd = await scratch();
    const uploads = fs({ base: join(cwd, "uploads") });
    await uploads.upload("a/b.txt", "one", { cacheControl: "no-store", metadata: { by: "Ada" } });
    await uploads.upload("a/b", "beside");
    const stub = await startStub(keys);
    onTestFinished(() => stub.close());
    stub.world("bucket");
    const env = {
      // Of an app that is developed on a folder: what was typed counts.
      STORAGE_BACKEND: "fs",
      STORAGE_S3_BUCKET: "no-bucket",
      STORAGE_S3_ENDPOINT_URL: stub.url,
      STORAGE_S3_ACCESS_KEY: keys.accessKeyId,
      STORAGE_S3_SECRET_KEY: keys.secretAccessKey,
    };

    expect(await copy(cwd, ["uploads", "s3://bucket/media", "--dry-run", "--concurrency", "1"], env)).toEqual({
      code: 0,
      out: [
        "would copy  a/b  6 bytes",
        "would copy  a/b.txt  3 bytes",
        "2 to copy (9 bytes), 0 the same by size and time",
      ],
      err: "",
    });
    const there = await copy(cwd, ["uploads", "s3://bucket/media", "--concurrency", "1"], env);
    expect(there).toMatchObject({ code: 0, err: "" });
    expect(there.out).toEqual([
      "copied  a/b  6 bytes",
      "copied  a/b.txt  3 bytes",
      "2 copied (9 bytes), 0 the same by size and time",
    ]);
    expect((await copy(cwd, ["uploads", "s3://bucket/media/"], env)).out).toEqual([
      "0 copied (0 bytes), 2 the same by size and time",
    ]);

    const file = join(cwd, ".env.bucket");
    await writeFile(
      file,
      Object.entries(env)
        .map((pair) => pair.join("="))
        .join("\n"),
    );
    const back = await copy(cwd, ["s3://bucket/media", "./back", "--from-env", file, "--prefix", "a/b."]);
    expect(back).toMatchObject({
      code: 0,
      out: ["copied  a/b.txt  3 bytes", "1 copied (3 bytes), 0 the same by size and time"],
    });
    expect(await readFile(join(cwd, "back/a/b.txt"), "utf8")).toBe("one");
    expect(await fs({ base: join(cwd, "back") }).head("a/b.txt")).toMatchObject({
      cacheControl: "no-store",
      metadata: { by: "Ada" },
    });
  });

  it("tells what failed, and ends with 1", async () => {
    const cwd = await scratch();
    await fs({ base: join(cwd, "from") }).upload("a/b", "x");
    await fs({ base: join(cwd, "from") }).upload("c", "x");
    // The place of the folder's own files is taken.
    await mkdir(join(cwd, "to"));
    await writeFile(join(cwd, "to/.unbucket"), "");
    const { code, out, err } = await copy(cwd, ["from", "to"]);
    expect(code).toBe(1);
    expect(out).toEqual(["0 copied (0 bytes), 0 the same by size and time, 2 failed"]);
    expect(err).toContain('failed  fs upload "c": ');
    expect(err).toContain("copyAll: 2 of 2 objects were not copied");
  });

  it("stops at a target that is full, ends with 1, and goes on where it was", async () => {
    const cwd = await scratch();
    for (const key of "abcdefgh") await fs({ base: join(cwd, "from") }).upload(key, "x");
    const { fetch } = gateway(memory(), { bucket: "bucket", credentials: keys });
    let room = 2;
    const handler = (request: Request): Response | Promise<Response> =>
      request.method !== "PUT" || room-- > 0
        ? fetch(request)
        : new Response("<Error><Code>XMinioStorageFull</Code><Message>no space</Message></Error>", { status: 507 });
    const server = serve({ fetch: handler, port: 0, hostname: "127.0.0.1", silent: true });
    await server.ready();
    onTestFinished(() => server.close(true));
    const env = {
      STORAGE_S3_ENDPOINT_URL: server.url ?? "",
      STORAGE_S3_ACCESS_KEY: keys.accessKeyId,
      STORAGE_S3_SECRET_KEY: keys.secretAccessKey,
    };
    const { code, out, err } = await copy(cwd, ["from", "s3://bucket", "--concurrency", "1"], env);
    expect([code, out.at(-1)]).toEqual([1, "2 copied (2 bytes), 0 the same by size and time"]);
    expect(err).toBe(
      's3://bucket upload "c": the store answered 507 XMinioStorageFull; no space; the target is full, so the rest was not tried: make room, and run it again to go on',
    );
    room = Infinity;
    expect(await copy(cwd, ["from", "s3://bucket"], env)).toMatchObject({ code: 0 });
  });

  it("shows keys that would move the cursor as JSON, and counts in decimal units", async () => {
    const cwd = await scratch();
    // JSON escapes the first, and neither that of 8-bit terminals nor what turns the line around.
    await fs({ base: join(cwd, "from") }).upload("a\u001B[2J\u009B2J\u202Eb", new Uint8Array(1_234_567));
    const { out } = await copy(cwd, ["from", "to"]);
    expect(out).toEqual([
      'copied  "a\\u001b[2J\\u{9b}2J\\u{202e}b"  1.2 MB',
      "1 copied (1.2 MB), 0 the same by size and time",
    ]);
  });

  it("says what was kept, and writes over it when it is told to", async () => {
    const cwd = await scratch();
    await fs({ base: join(cwd, "from") }).upload("a", "source");
    await fs({ base: join(cwd, "to") }).upload("a", "newer and longer");
    expect((await copy(cwd, ["from", "to"])).out).toEqual([
      "kept  a  size",
      "0 copied (0 bytes), 0 the same by size and time, 1 kept, which differ: see --replace",
    ]);
    expect((await copy(cwd, ["from", "to", "--replace", "always", "--no-conditions"])).out[0]).toBe(
      "copied  a  6 bytes",
    );
  });

  it("sends a condition with each write, and none where it is told to", async () => {
    const cwd = await scratch();
    await fs({ base: join(cwd, "from") }).upload("a", "source");
    const server = await wire(happy);
    const env = { STORAGE_S3_ENDPOINT_URL: server.url, STORAGE_S3_ACCESS_KEY: "id", STORAGE_S3_SECRET_KEY: "s" };
    for (const options of [[], ["--no-conditions"]]) await copy(cwd, ["from", "s3://bucket", ...options], env);
    const puts = server.requests.filter(({ method }) => method === "PUT");
    expect(puts.map(({ headers }) => headers["if-none-match"])).toEqual(["*", undefined]);
  });

  it("copies between buckets of one name at two stores, and tells neither what the environment or the other has", async () => {
    const cwd = await scratch();
    const stub = await startStub(keys);
    onTestFinished(() => stub.close());
    stub.world("bucket");
    const other = await wire(happy);
    const of = (url: string, { accessKeyId, secretAccessKey }: typeof keys): string =>
      [`ENDPOINT_URL=${url}`, `ACCESS_KEY=${accessKeyId}`, `SECRET_KEY=${secretAccessKey}`]
        .map((line) => `STORAGE_S3_${line}\n`)
        .join("");
    await writeFile(join(cwd, "here"), of(stub.url, keys));
    await writeFile(join(cwd, "there"), of(other.url, { accessKeyId: "other", secretAccessKey: "s" }));
    await fs({ base: join(cwd, "from") }).upload("a", "source");
    expect((await copy(cwd, ["from", "s3://bucket", "--to-env", "here"])).code).toBe(0);
    const both = ["s3://bucket", "s3://bucket", "--from-env", "here", "--to-env", "there"];
    const { code, out } = await copy(cwd, both, { STORAGE_S3_SESSION_TOKEN: "of another" });
    expect([code, out[0]]).toEqual([0, "copied  a  6 bytes"]);
    for (const { headers } of other.requests) {
      expect(headers["authorization"]).toContain("Credential=other/");
      expect(headers["x-amz-security-token"]).toBeUndefined();
    }
  });

  it("takes a folder beside another whose name begins as its own", async () => {
    const cwd = await scratch();
    await fs({ base: join(cwd, "from") }).upload("a", "source");
    expect((await copy(cwd, ["from", "from-2"])).code).toBe(0);
    expect((await copy(cwd, ["from-2", "from"])).code).toBe(0);
  });

  it("checks every byte afterwards, and ends with 1 where something is missing or differs", async () => {
    const cwd = await scratch();
    const [from, to] = ["from", "to"].map((name) => fs({ base: join(cwd, name) })) as [Driver, Driver];
    for (const key of ["a", "b", "c"]) await from.upload(key, `bytes of ${key}`);
    await copy(cwd, ["from", "to"]);
    const whole = await copy(cwd, ["from", "to", "--check"]);
    expect(whole).toEqual({ code: 0, out: ["0 missing (0 bytes), 3 the same"], err: "" });
    await to.delete("a");
    expect((await copy(cwd, ["from", "to", "--check"])).code).toBe(1);
    await to.upload("b", "other of b");
    expect(await copy(cwd, ["from", "to", "--check", "--concurrency", "1"])).toEqual({
      code: 1,
      out: [
        "missing  a  10 bytes",
        "differs  b  bytes",
        "1 missing (10 bytes), 1 the same, 1 differ: --compare all --replace always copies them",
      ],
      err: "",
    });
    // By times alone it looks the same.
    expect((await copy(cwd, ["from", "to", "--dry-run"])).out).not.toContain("kept  b");
    expect((await copy(cwd, ["from", "to", "--check", "--prefix", "b"])).code).toBe(1);
    // What differs is told whichever is the older one, and so are headers.
    await utimes(join(cwd, "to", "b"), 1, 1);
    await to.upload("c", "bytes of c", { contentType: "text/html", cacheControl: "no-store" });
    const differ = ["differs  b  bytes", "differs  c  contentType, cacheControl"];
    expect((await copy(cwd, ["from", "to", "--check", "--concurrency", "1"])).out.slice(1, -1)).toEqual(differ);
    expect((await copy(cwd, ["from", "to", "--check", "--compare", "bytes"])).out).not.toContain(differ[1]);
    const mended = await copy(cwd, ["from", "to", "--compare", "all", "--replace", "always"]);
    expect(mended.out).toContain("3 copied (30 bytes), 0 the same");
    expect((await copy(cwd, ["from", "to", "--check"])).code).toBe(0);
  });

  it("has not checked what is not there or cannot be asked, which ends with 2", async () => {
    const cwd = await scratch();
    const from = fs({ base: join(cwd, "from") });
    await from.upload("a", "x");
    await copy(cwd, ["from", "to"]);
    const none = "the source has no object to check";
    await mkdir(join(cwd, "empty"));
    for (const args of [
      ["empty", "to"],
      ["from", "to", "--prefix", "typo/"],
    ])
      expect(await copy(cwd, [...args, "--check"])).toMatchObject({ code: 2, err: none });
    expect(await copy(cwd, ["from", "to", "--check", "--chek"])).toMatchObject({ code: 2 });
    expect(await copy(cwd, ["--help", "--check"])).toMatchObject({ code: 0, err: "" });
    const stub = await startStub(keys);
    onTestFinished(() => stub.close());
    stub.world("bucket");
    const at = (url: string): Record<string, string> => ({
      STORAGE_S3_ENDPOINT_URL: url,
      STORAGE_S3_ACCESS_KEY: keys.accessKeyId,
      STORAGE_S3_SECRET_KEY: keys.secretAccessKey,
    });
    await copy(cwd, ["from", "s3://bucket"], at(stub.url));
    stub.world("bucket").switches = { hides: true };
    const gone = await copy(cwd, ["s3://bucket", "to", "--check"], at(stub.url));
    expect(gone).toMatchObject({ code: 2, out: ["gone  a", "0 missing (0 bytes), 0 the same, 1 gone"] });
    const { code, err } = await copy(cwd, ["from", "s3://bucket", "--check"], at("http://127.0.0.1:1"));
    expect([code, err]).toEqual([2, expect.stringMatching(/^s3:\/\/bucket list .*ECONNREFUSED/)]);
  });

  it("takes a source that is a link, and says what of it is no object", async () => {
    const cwd = await scratch();
    const from = fs({ base: join(cwd, "real") });
    await from.upload("docs/a", "x", { cacheControl: "no-store" });
    await symlink("real", join(cwd, "from"));
    expect(await copy(cwd, ["from", "to"])).toMatchObject({ code: 0, err: "" });
    expect((await fs({ base: join(cwd, "to") }).head("docs/a"))?.cacheControl).toBe("no-store");
    for (const name of ["docs/l1", "l2"]) await symlink("nowhere", join(cwd, "real", name));
    await symlink("docs", join(cwd, "real/l3"));
    const said = "passed over, since they are no objects: ";
    for (const options of [[], ["--check"], ["--dry-run"]])
      expect(await copy(cwd, ["from", "to", ...options])).toMatchObject({ code: 0, err: `${said}3 symbolic links` });
    for (const prefix of ["docs/", "l2", "l3/a"])
      expect(await copy(cwd, ["from", "to", "--prefix", prefix])).toMatchObject({ err: `${said}1 symbolic link` });
    expect(await copy(cwd, ["from", "to", "--prefix", "docs/a"])).toMatchObject({ err: "" });
  });

  it.runIf(process.platform === "linux")(
    "counts names that are not UTF-8, paths that are too long, and what is neither file nor folder",
    async () => {
      const cwd = await scratch();
      await fs({ base: join(cwd, "from") }).upload("a", "x");
      const named = (name: string): Buffer => Buffer.from(`${cwd}/from/${name}`, "latin1");
      await writeFile(named("f\xFF"), "");
      await mkdir(named("d\xFE"));
      await writeFile(named("d\xFE/file"), "");
      await promisify(execFile)("mkfifo", [join(cwd, "from/pipe")]);
      const deep = join(cwd, "from", ...Array.from({ length: 4 }, () => "x".repeat(250)));
      await mkdir(deep, { recursive: true });
      for (const length of [20, 21]) await writeFile(join(deep, "y".repeat(length)), "");
      const { code, out, err } = await copy(cwd, ["from", "to"]);
      expect(code).toBe(0);
      expect(out).toContain("copied  a  1 bytes");
      expect(err.split(": ")[1]?.split(", ").sort()).toEqual(
        ["1 pipe, socket or device".split(", "), "2 names that are not UTF-8", "1 path of more than 1024 bytes"]
          .flat()
          .sort(),
      );
    },
  );

  it.each(["source", "target"])(
    "ends with 1 when the folder of the %s goes away meanwhile, and says so",
    async (which) => {
      // A target that is removed and made anew by the next write may look like the one before.
      for (const by of which === "source" ? ["removed", "moved", "replaced"] : ["moved", "replaced"]) {
        const cwd = await scratch();
        await mkdir(join(cwd, "from"));
        await mkdir(join(cwd, "to"));
        // More lines than fit into a pipe that nobody reads, so that it waits in the midst of them.
        const name = (index: number): string => `f${index}-${"x".repeat(240)}`;
        for (let index = 0; index < 900; index++) await writeFile(join(cwd, "from", name(index)), "x");
        const child = spawn(process.execPath, [main, "copy", "from", "to"], { cwd, stdio: ["ignore", "pipe", "pipe"] });
        const ended = once(child, "close");
        let err = "";
        child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
        await once(child.stdout, "readable");
        const gone = join(cwd, which === "source" ? "from" : "to");
        await rename(gone, `${gone}-moved`);
        if (by === "replaced") await mkdir(gone);
        if (by === "removed") await rm(`${gone}-moved`, { recursive: true, force: true });
        child.stdout.resume();
        expect([by, await ended]).toEqual([by, [1, null]]);
        expect(err).toMatch(/^(from|to): the folder that was here is gone, (another one|nothing) is where it was/m);
      }
    },
  );

  it("ends with 1 when the source lists objects and gives none", async () => {
    const cwd = await scratch();
    const stub = await startStub(keys);
    onTestFinished(() => stub.close());
    await fs({ base: join(cwd, "from") }).upload("a", "x");
    stub.world("bucket");
    const env = {
      STORAGE_S3_ENDPOINT_URL: stub.url,
      STORAGE_S3_ACCESS_KEY: keys.accessKeyId,
      STORAGE_S3_SECRET_KEY: keys.secretAccessKey,
    };
    await copy(cwd, ["from", "s3://bucket"], env);
    stub.world("bucket").switches = { hides: true };
    const { code, err } = await copy(cwd, ["s3://bucket", "to"], env);
    expect([code, err]).toEqual([1, "the source lists objects, and gives none of them"]);
  });

  it("does not warn of the many that listen for the one signal", async () => {
    const cwd = await scratch();
    const from = fs({ base: join(cwd, "from"), durable: false });
    for (let n = 0; n < 40; n++) await from.upload(`${n}`, new Uint8Array(300_000));
    await copy(cwd, ["from", "to", "--concurrency", "32"]);
    expect(await copy(cwd, ["from", "to", "--check", "--concurrency", "32"])).toMatchObject({ code: 0, err: "" });
  });

  it("names the end whose bucket is not there, or whose keys are refused", async () => {
    const cwd = await scratch();
    await fs({ base: join(cwd, "from") }).upload("a", "x");
    const stub = await startStub(keys);
    onTestFinished(() => stub.close());
    stub.world("bucket");
    const env = {
      STORAGE_S3_ENDPOINT_URL: stub.url,
      STORAGE_S3_ACCESS_KEY: keys.accessKeyId,
      STORAGE_S3_SECRET_KEY: keys.secretAccessKey,
    };
    const { code, err } = await copy(cwd, ["s3://bucket", "s3://no-bucket"], env);
    expect([code, err]).toEqual([1, expect.stringMatching(/^s3:\/\/no-bucket list/)]);
    const refused = await copy(cwd, ["s3://bucket", "to"], { ...env, STORAGE_S3_SECRET_KEY: "wrong" });
    expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/^s3:\/\/bucket list/)]);
    expect(refused.err).not.toContain("wrong");
    const both = await copy(cwd, ["s3://bucket/a", "s3://bucket/b"], { ...env, STORAGE_S3_SECRET_KEY: "wrong" });
    expect([both.code, both.err]).toEqual([1, expect.stringMatching(/^s3:\/\/bucket\/a list/)]);
    const { url } = await wire(() => failure(403, "AccessDenied"));
    const denied = await copy(cwd, ["s3://bucket", "to"], { ...env, STORAGE_S3_ENDPOINT_URL: url });
    expect([denied.code, denied.err]).toEqual([1, expect.stringMatching(/^s3:\/\/bucket list/)]);
  });

  it.each([
    [["from"], "Missing required positional argument: TO"],
    [["from", "--check"], "Missing required positional argument: TO"],
    [
      ["from", "s3://b-1", "--to-env", "mistyped"],
      "mistyped: STORAGE_S3_ENDPOINT is unknown: there are STORAGE_S3_BUCKET, ",
    ],
    [
      ["outer/docs", "to"],
      'outer, which keeps the headers of its files: name that folder, in which keys begin with "docs/"',
    ],
    [
      ["from", "outer/docs/new"],
      'name that folder, in which keys begin with "docs/new/" (copy has --prefix docs/new/)',
    ],
    [["from", "to", "more"], 'more is unknown here: see "unbucket copy --help"'],
    [["from", "to", "--dryrun"], '--dryrun is unknown here: see "unbucket copy --help"'],
    [["from", "to", "--no-prefix"], '--no-prefix is unknown here: see "unbucket copy --help"'],
    [["from", "to", "--dryRun=no"], "--dryRun=no: is a switch; leave out its value"],
    [["from", "to", "--conditions="], "--conditions=: is a switch; leave out its value"],
    [["from", "to", "--no-conditions=true"], "--no-conditions=true: is a switch; leave out its value"],
    [["nowhere", "to"], "nowhere is not there"],
    [["file", "to"], "file is no folder"],
    [["from", "gs://bucket"], '"gs://bucket": must be a folder, or s3://bucket/prefix'],
    [["from", "from/sub"], "one of the two lies in the other"],
    [["from", "./from/"], "one of the two lies in the other"],
    [["from", "link/sub"], "one of the two lies in the other"],
    [["link", "from"], "one of the two lies in the other"],
    [["from", "file/sub"], "ENOTDIR: not a directory"],
    [["", "to"], '"": must be a folder, or s3://bucket/prefix'],
    [["from", "s3:/bucket"], '"s3:/bucket": must be a folder, or s3://bucket/prefix'],
    [["from", "s3://b-1", "--to-env", "aws"], "aws: must have STORAGE_S3_ACCESS_KEY"],
    [["s3://b-1/a", "s3://b-1"], "one of the two lies in the other"],
    [["from", "to", "--replace", "newer"], "copyAll: replace must be older, never or always"],
    [["from", "to", "--compare", "size"], "copyAll: compare must be time, bytes or all"],
    [["from", "to", "--check", "--replace", "always"], "--check: writes nothing; leave --replace out"],
    [["from", "to", "--check", "--compare", "time"], "--check: compares all, or with --compare bytes bytes alone"],
    [["from", "to", "--prefix"], "--prefix: must have a value"],
    [["from", "to", "--concurrency", "many"], "copyAll: concurrency must be a whole number from 1 to 64"],
    [["from", "to", "--to-env", "file"], "file: a folder has no use for variables"],
  ])("refuses %j", async (args, said) => {
    const cwd = await scratch();
    await mkdir(join(cwd, "from"));
    await writeFile(join(cwd, "file"), "");
    await writeFile(join(cwd, "aws"), "AWS_ACCESS_KEY_ID=id\nAWS_SECRET_ACCESS_KEY=secret");
    await writeFile(join(cwd, "mistyped"), "STORAGE_S3_ENDPOINT=http://127.0.0.1:1\nSTORAGE_S3_ACCESS_KEY=id");
    await mkdir(join(cwd, "outer/docs"), { recursive: true });
    await mkdir(join(cwd, "outer/.unbucket"));
    await writeFile(join(cwd, "outer/.unbucket/version"), "1\n");
    await symlink("from", join(cwd, "link"));
    // A file of variables stands alone: the keys of the environment are the other end's.
    const env = { STORAGE_S3_ACCESS_KEY: "other", STORAGE_S3_SECRET_KEY: "other" };
    const { code, out, err } = await copy(cwd, args, env);
    expect([code, out.join("").replace(/.*USAGE.*/s, "")]).toEqual([args.includes("--check") ? 2 : 1, ""]);
    expect(err).toContain(said);
    expect(await readdir(cwd)).toEqual(["aws", "file", "from", "link", "mistyped", "outer"]);
    expect(await readdir(join(cwd, "outer/docs"))).toEqual([]);
  });

  it("takes a store that lies in another one", async () => {
    const cwd = await scratch();
    await fs({ base: join(cwd, "outer") }).upload("a", "x");
    await fs({ base: join(cwd, "outer/own") }).upload("b", "x");
    expect((await copy(cwd, ["outer/own", "to"])).out[0]).toBe("copied  b  1 bytes");
  });

  it("knows an endpoint with a slash at its end for the same, and the first name behind a byte order mark", async () => {
    const cwd = await scratch();
    const variables = "STORAGE_S3_ENDPOINT_URL=http://h\nSTORAGE_S3_ACCESS_KEY=id";
    await writeFile(join(cwd, "env"), variables);
    await writeFile(join(cwd, "env2"), `\uFEFF${variables.replace("/h", "/h/")}`);
    const { err } = await copy(cwd, ["s3://b-1/a", "s3://b-1", "--from-env", "env", "--to-env", "env2"]);
    expect(err).toContain("one of the two lies in the other");
  });

  it.each(["SIGINT", "SIGTERM", "a reader that leaves"])(
    "stops on %s when what is under way has ended, with nothing half done",
    async (by) => {
      const cwd = await scratch();
      await mkdir(join(cwd, "from"));
      // More lines than fit into a pipe that nobody reads, so that it waits in the midst of them.
      const name = (index: number): string => `f${index}-${"x".repeat(240)}`;
      for (let index = 0; index < 900; index++) await writeFile(join(cwd, "from", name(index)), "x".repeat(1000));
      const child = spawn(process.execPath, [main, "copy", "from", "to"], { cwd, stdio: ["ignore", "pipe", "pipe"] });
      const ended = once(child, "close");
      let err = "";
      child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
      await once(child.stdout, "readable");
      let said = "";
      if (by.startsWith("SIG")) {
        child.kill(by as NodeJS.Signals);
        child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
      } else child.stdout.destroy();
      expect(await ended).toEqual([{ SIGINT: 130, SIGTERM: 143 }[by] ?? 1, null]);
      expect(err).toContain("stopped; run it again to go on");
      const names = (await readdir(join(cwd, "to"))).filter((name) => name !== ".unbucket");
      expect(names.length).toBeGreaterThan(0);
      expect(names.length).toBeLessThan(900);
      for (const name of names) expect(await readFile(join(cwd, "to", name), "utf8")).toBe("x".repeat(1000));
      if (by.startsWith("SIG")) expect(said).toMatch(/\n\d+ copied \(.*, 0 the same by size and time\n$/);
      const { out } = await copy(cwd, ["from", "to"]);
      expect(out.at(-1)).toMatch(new RegExp(`${names.length} the same by size and time$`));
    },
  );
});
