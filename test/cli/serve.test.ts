import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import s3 from "../../drivers/s3.ts";
import { root } from "../docs/blocks.ts";
import { impatient } from "../support/impatient.ts";

const main = join(root, "dist/cli/main.js");

interface Served {
  readonly url: string;
  readonly output: () => string;
  readonly process: ChildProcess;
  /** How it ended. */
  readonly ended: Promise<unknown[]>;
}

/** A folder of its own, in which the command runs. */
async function folder(name: string): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), "unbucket-serve-"));
  onTestFinished(() => rm(scratch, { recursive: true }));
  await mkdir(join(scratch, name));
  return join(scratch, name);
}

/** Runs the built command until it has said all that it says. */
async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Served> {
  const child = spawn(process.execPath, [main, "serve", "--port", "0", ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  const ended = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const found = /unbucket serve\s+(http:\S+)/.exec(output)?.[1];
      if (found !== undefined && output.includes("In code")) resolve(found);
    });
    child.once("exit", (code) => reject(new Error(`it ended with ${code}: ${output}`)));
  });
  return { url, output: () => output, process: child, ended };
}

/** What a wrong command line says: it must end. */
async function refused(...args: readonly string[]): Promise<readonly [number, string]> {
  const env = { PATH: process.env["PATH"] ?? "", UNBUCKET_ACCESS_KEY: "key" };
  return promisify(execFile)(process.execPath, [main, "serve", ...args], { env }).then(
    ({ stderr }) => [0, stderr],
    ({ code, stderr }: { code: number; stderr: string }) => [code, stderr],
  );
}

const KEYS = { UNBUCKET_ACCESS_KEY: "AKIDSERVE", UNBUCKET_SECRET_KEY: "serve-secret" };
const credentials = { accessKeyId: "AKIDSERVE", secretAccessKey: "serve-secret" };

describe("unbucket serve", () => {
  it("serves the folder to the options that it prints, under a bucket of the folder's name", async () => {
    const base = await folder("My Uploads");
    const { output } = await start([base]);
    const [, printed = ""] = /In code +s3\((\{.*\})\)/.exec(output()) ?? [];
    const options = JSON.parse(printed.replace(/(\w+): "/g, '"$1": "')) as { bucket: string; region: string };
    expect(options).toMatchObject({ bucket: "my-uploads", region: "us-east-1" });
    const store = s3(options);
    await store.upload("notes/a.txt", "Hello");
    expect(await readFile(join(base, "notes/a.txt"), "utf8")).toBe("Hello");
    expect(await (await fetch((await store.presign("notes/a.txt"))?.url ?? "")).text()).toBe("Hello");
  });

  it("prints keys that it made, in the line for aws cli too, and others at each start", async () => {
    const base = await folder("uploads");
    const outputs = await Promise.all([start([base]), start([base])]);
    const made = outputs.map(({ output, url }) => {
      const [, key] = /Access key +(UB[0-9A-F]{18})\n/.exec(output()) ?? [];
      const [, secret] = /Secret key +([0-9a-f]{40})\n/.exec(output()) ?? [];
      const aws = `aws --endpoint-url ${url} --region us-east-1 s3 ls s3://uploads`;
      expect(output()).toContain(`AWS_ACCESS_KEY_ID=${key} AWS_SECRET_ACCESS_KEY=${secret} ${aws}\n`);
      return secret;
    });
    expect(new Set(made).size).toBe(2);
  });

  it.each(["", "GET / HTTP/1.1\r\nhost: a\r\n"])(
    "ends a connection that has sent %j and sends no more",
    async (sent) => {
      const { url } = await start([await folder("uploads")], { NODE_OPTIONS: impatient });
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      onTestFinished(() => void socket.destroy());
      socket.write(sent);
      socket.resume();
      await once(socket, "close");
    },
  );

  it("takes the keys of the variables, and prints neither", async () => {
    const base = await folder("uploads");
    const { url, output } = await start([base, "--bucket", "files", "--region", "eu-central-1"], KEYS);
    expect(output()).not.toMatch(/AKIDSERVE|serve-secret/);
    const store = s3({ bucket: "files", region: "eu-central-1", endpoint: url, ...credentials });
    expect((await store.upload("a", "x")).size).toBe(1);
    const stranger = s3({
      bucket: "files",
      region: "eu-central-1",
      endpoint: url,
      ...credentials,
      secretAccessKey: "x",
    });
    await expect(stranger.head("a")).rejects.toMatchObject({ code: "denied" });
  });

  it("--read-only lets reads in alone, --public the reads of anybody below its prefixes", async () => {
    const base = await folder("uploads");
    for (const name of ["public", "logos", "private"]) {
      await mkdir(join(base, name));
      await writeFile(join(base, name, "a.txt"), "Hello");
    }
    const { url } = await start([base, "--read-only", "--public", "public/,logos/"], KEYS);
    const store = s3({ bucket: "uploads", endpoint: url, ...credentials });
    expect(await (await store.download("private/a.txt")).text()).toBe("Hello");
    await expect(store.upload("b.txt", "x")).rejects.toMatchObject({ code: "denied" });
    await expect(store.delete("public/a.txt")).rejects.toMatchObject({ code: "denied" });
    expect((await readdir(base)).sort()).toEqual(["logos", "private", "public"]);
    const asked = ["public", "logos", "private"].map((name) => fetch(`${url}/uploads/${name}/a.txt`));
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 403]);
  });

  it.each([
    ["0.0.0.0", "http://127.0.0.1:"],
    ["::", "http://[::1]:"],
    ["::1", "http://[::1]:"],
    ["localhost", "http://localhost:"],
  ])("on --host %s prints an address that clients here can use", async (host, address) => {
    const { url } = await start([await folder("uploads"), "--host", host], KEYS);
    expect(url.startsWith(address)).toBe(true);
    expect(await s3({ bucket: "uploads", endpoint: url, ...credentials }).exists("a")).toBe(false);
  });

  it("--cors lets pages of its origins in, with signatures alone, and those of no other", async () => {
    const { url } = await start([await folder("uploads"), "--cors", "http://localhost:5173,https://app.example"], KEYS);
    const store = s3({ bucket: "uploads", endpoint: url, ...credentials });
    const put = await store.presign("a.txt", { method: "PUT", contentType: "text/plain" });
    const asked = { "access-control-request-method": "PUT", "access-control-request-headers": "content-type" };
    const of = (origin: string, method: string, more: RequestInit = {}): Promise<Response> =>
      fetch(put?.url ?? "", { method, ...more, headers: { origin, ...more.headers } });
    const preflight = await of("http://localhost:5173", "OPTIONS", { headers: asked });
    expect([preflight.status, Object.fromEntries(preflight.headers)]).toEqual([
      204,
      expect.objectContaining({
        vary: "origin",
        "access-control-allow-origin": "http://localhost:5173",
        "access-control-allow-methods": expect.stringContaining("PUT"),
        "access-control-allow-headers": "content-type",
      }),
    ]);
    const sent = await of("https://app.example", "PUT", { headers: { "content-type": "text/plain" }, body: "Hello" });
    expect([sent.status, sent.headers.get("access-control-allow-origin")]).toEqual([200, "https://app.example"]);
    expect(sent.headers.get("access-control-expose-headers")).toBe("*");
    const unsigned = await fetch(`${url}/uploads/a.txt`, { headers: { origin: "https://app.example" } });
    expect([unsigned.status, unsigned.headers.get("access-control-allow-origin")]).toEqual([
      403,
      "https://app.example",
    ]);
    const foreign = await of("https://evil.example", "OPTIONS", { headers: asked });
    expect([foreign.status, foreign.headers.get("access-control-allow-origin")]).toEqual([403, null]);
    expect(foreign.headers.get("vary")).toBe("origin");
  });

  it("--cors * lets the pages of every origin in, and without it none are", async () => {
    const base = await folder("uploads");
    const [open, closed] = await Promise.all([start([base, "--cors", "*"]), start([base])]);
    const headers = { origin: "https://any.example", "access-control-request-method": "GET" };
    const answers = [open, closed].map(({ url }) => fetch(`${url}/uploads/a`, { method: "OPTIONS", headers }));
    expect((await Promise.all(answers)).map((answer) => answer.headers.get("access-control-allow-origin"))).toEqual([
      "https://any.example",
      null,
    ]);
  });

  it("says of a failure when, what and which request, without its query, and then what nobody foresaw", async () => {
    const base = await folder("uploads");
    // A file where the driver needs a folder.
    await writeFile(join(base, ".unbucket"), "");
    const { url, output } = await start([base], KEYS);
    const put = await s3({ bucket: "uploads", endpoint: url, ...credentials }).presign("a b.txt", { method: "PUT" });
    const { status, headers } = await fetch(put?.url ?? "", { method: "PUT", body: "x" });
    expect(status).toBe(500);
    const request = `PUT /uploads/a%20b.txt ${headers.get("x-amz-request-id")}: fs upload "a b.txt": `;
    await expect.poll(output).toContain(`Z ${request}`);
    const [line, next] = output()
      .slice(output().lastIndexOf("\n\n") + 2)
      .split("\n");
    expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z PUT \//);
    expect(next).toMatch(/^ {2}StorageError: fs upload/);
    expect(output()).not.toContain("X-Amz-");
  });

  it.each(["SIGINT", "SIGTERM"] as const)("on %s ends with 0, past a connection without a request", async (signal) => {
    const { url, process: child, ended } = await start([await folder("uploads")]);
    const { hostname, port } = new URL(url);
    const silent = connect(Number(port), hostname);
    silent.on("error", () => {});
    await once(silent, "connect");
    await fetch(url);
    const before = performance.now();
    child.kill(signal);
    expect(await ended).toEqual([0, null]);
    expect(performance.now() - before).toBeLessThan(10_000);
    silent.destroy();
  });

  it("on SIGTERM lets a running upload finish, and on the second does not wait", async () => {
    const base = await folder("uploads");
    const upload = (url: string): { readonly finish: () => void; readonly stored: Promise<unknown> } => {
      let finish = (): void => {};
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode("hello"));
          finish = () => (controller.enqueue(new TextEncoder().encode("world")), controller.close());
        },
      });
      const store = s3({ bucket: "uploads", endpoint: url, ...credentials, retry: { attempts: 1 } });
      const signed = store.presign("slow.txt", { method: "PUT" });
      const stored = signed.then(async (put) => {
        const { status } = await fetch(put?.url ?? "", { ...put, body, duplex: "half" } as RequestInit);
        return status;
      });
      return { finish, stored };
    };
    const polite = await start([base], KEYS);
    const first = upload(polite.url);
    const tmp = join(base, ".unbucket/tmp");
    await expect.poll(() => readdir(tmp).catch(() => [])).not.toEqual([]);
    polite.process.kill("SIGTERM");
    await expect.poll(polite.output).toContain("finishing running requests");
    first.finish();
    expect(await first.stored).toBe(200);
    expect(await polite.ended).toEqual([0, null]);
    expect(await readFile(join(base, "slow.txt"), "utf8")).toBe("helloworld");

    const hasty = await start([base], KEYS);
    const second = upload(hasty.url);
    const failed = second.stored.catch(() => "broken off");
    await expect
      .poll(() => readdir(tmp).then((drafts) => drafts.filter((name) => !name.includes("."))))
      .not.toEqual([]);
    hasty.process.kill("SIGTERM");
    await expect.poll(hasty.output).toContain("finishing running requests");
    hasty.process.kill("SIGTERM");
    expect(await hasty.ended).toEqual([1, null]);
    expect(await failed).toBe("broken off");
  });

  it("says what is wrong in one line, and serves nothing", async () => {
    const keys = ["--access-key", "a", "--secret-key", "b"];
    expect(await refused("x", ...keys, "--bucket", "No")).toEqual([1, expect.stringMatching(/^.*bucket.*\n$/)]);
    for (const prefixes of ["public", "", "public/,", "/"])
      expect(await refused("x", ...keys, `--public=${prefixes}`)).toEqual([
        1,
        expect.stringMatching(/^--public: .*\n$/),
      ]);
    for (const origins of ["localhost:5173", "", "http://localhost:5173/", "http://h,"])
      expect(await refused("x", ...keys, `--cors=${origins}`)).toEqual([1, expect.stringMatching(/^--cors: .*\n$/)]);
    expect(await refused("x", ...keys, "--port", "ninety")).toEqual([1, expect.stringMatching(/^--port ninety.*\n$/)]);
    expect(await refused("x", ...keys, "--readonly")).toEqual([
      1,
      expect.stringMatching(/^--readonly is unknown.*\n$/),
    ]);
    expect(await refused("x", ...keys, "--prt", "1")).toEqual([1, expect.stringMatching(/^--prt is unknown.*\n$/)]);
    expect(await refused("x", "y", ...keys)).toEqual([1, expect.stringMatching(/^y is unknown.*\n$/)]);
    expect(await refused("x")).toEqual([
      1,
      expect.stringMatching(/^UNBUCKET_SECRET_KEY is not set, nor --secret-key.*\n$/),
    ]);
  });

  it("refuses a file, and says of a folder that is not there that an upload makes it", async () => {
    const base = await folder("uploads");
    await writeFile(join(base, "a.txt"), "hello");
    const keys = ["--access-key", "a", "--secret-key", "b"];
    expect(await refused(join(base, "a.txt"), ...keys)).toEqual([1, expect.stringMatching(/a\.txt is no folder.*\n$/)]);
    expect((await start([base])).output()).not.toContain("not there");
    const later = await start([join(base, "later")], KEYS);
    expect(later.output()).toContain("later (not there: the first upload makes it)\n");
    const store = s3({ bucket: "later", endpoint: later.url, ...credentials });
    await store.upload("b.txt", "hello");
    expect(await readFile(join(base, "later/b.txt"), "utf8")).toBe("hello");
  });

  it("refuses a folder inside one of its own, whose headers lie above it", async () => {
    const base = await folder("uploads");
    await mkdir(join(base, ".unbucket"));
    await writeFile(join(base, ".unbucket/version"), "1\n");
    for (const below of ["docs", "docs/new"]) {
      const said = /lies in .*uploads, which keeps the headers of its files: name that folder/;
      expect(await refused(join(base, below), "--access-key", "a", "--secret-key", "b")).toEqual([
        1,
        expect.stringMatching(said),
      ]);
      await mkdir(join(base, "docs"), { recursive: true });
    }
    // One that is a store of its own is served.
    await mkdir(join(base, "docs/.unbucket"));
    await writeFile(join(base, "docs/.unbucket/version"), "1\n");
    expect((await start([join(base, "docs")], KEYS)).output()).toContain("docs\n");
  });

  it("names a port that is taken, or a host that is none, and what else to take", async () => {
    const { url } = await start([await folder("uploads")]);
    const keys = ["--access-key", "a", "--secret-key", "b"];
    const { port } = new URL(url);
    const taken = new RegExp(`^--port ${port}: .*EADDRINUSE.* 0 for a free one\n$`);
    expect(await refused("x", ...keys, "--port", port)).toEqual([1, expect.stringMatching(taken)]);
    const nowhere = /^--host 192\.0\.2\.1: .*127\.0\.0\.1.*\n$/;
    expect(await refused("x", ...keys, "--host", "192.0.2.1")).toEqual([1, expect.stringMatching(nowhere)]);
  });
});
