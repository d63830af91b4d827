import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BuiltHost, buildHost, type HostSpec } from "./hosts/host.ts";
import { recentNode } from "./hosts/node.ts";
import { packPackage, type PackedPackage } from "./hosts/pack.ts";
import { freshBucket, type S3Server, servers, signed } from "./support/s3.ts";

const hosts: readonly HostSpec[] = [
  { name: "nitro", command: "nitro/dist/cli/index.mjs", node: async () => process.execPath },
  { name: "nuxt", command: "nuxt/bin/nuxt.mjs", node: recentNode },
];
const minutes = 60_000;
const bytes = randomBytes(3 * 1024 * 1024);
const hash = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;
/** Set while the app is built: whatever reads the environment at build time would show it in the output. */
const canaries = {
  AWS_ACCESS_KEY_ID: "canary-access-4f1d",
  AWS_SECRET_ACCESS_KEY: "canary-secret-9c2e",
  AWS_REGION: "canary-region-77",
};

let packed: PackedPackage;
beforeAll(async () => {
  packed = await packPackage();
}, 2 * minutes);
afterAll(() => packed?.remove());

describe.each(hosts)("$name, built once without a variable", (spec) => {
  let host: BuiltHost;
  const scratch = mkdtempSync(join(tmpdir(), "unbucket-uploads-"));

  beforeAll(async () => {
    const since = performance.now();
    host = await buildHost(spec, packed.tarball, canaries);
    console.log(`${spec.name}: installed and built in ${seconds(since)}, ${(host.size / 1024).toFixed(0)} KiB`);
  }, 10 * minutes);
  afterAll(() => {
    host?.remove();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** Starts the build with these variables, runs the check against its address, ends it. */
  async function running(
    variables: Readonly<Record<string, string>>,
    check: (url: string, log: () => string) => Promise<void>,
  ): Promise<void> {
    const since = performance.now();
    const server = await host.start(variables);
    console.log(
      `${spec.name} with STORAGE_BACKEND=${variables["STORAGE_BACKEND"] ?? ""} listens after ${seconds(since)}`,
    );
    try {
      await check(server.url, () => readFileSync(join(server.folder, "server.log"), "utf8"));
    } finally {
      server.stop();
    }
  }

  it("has nothing of the builder's environment in its output", () => {
    expect(host.holds("STORAGE_S3_SECRET_KEY")).toBe(true);
    for (const value of Object.values(canaries)) expect(host.holds(value)).toBe(false);
  });

  it("runs on the folder that the environment names", async () => {
    const folder = join(scratch, "canary-folder-51ab");
    await running({ STORAGE_LOCAL_PATH: folder }, async (url) => {
      await roundTrip(url);
      expect(hash(readFileSync(join(folder, "a/ü b.bin")))).toBe(hash(bytes));
    });
    expect(host.holds("canary-folder-51ab")).toBe(false);
  });

  it.each(servers)("runs on $name, from the same build", async (server: S3Server) => {
    const bucket = await freshBucket(server);
    const variables = {
      STORAGE_BACKEND: "s3",
      STORAGE_S3_BUCKET: bucket,
      STORAGE_S3_REGION: server.region,
      STORAGE_S3_ENDPOINT_URL: server.endpoint,
      STORAGE_S3_ACCESS_KEY: server.accessKeyId,
      STORAGE_S3_SECRET_KEY: server.secretAccessKey,
    };
    await running(variables, async (url) => {
      await roundTrip(url);
      const stored = await signed(server, "GET", `${bucket}/a/%C3%BC%20b.bin`);
      expect(hash(new Uint8Array(await stored.arrayBuffer()))).toBe(hash(bytes));
    });
    for (const value of [bucket, server.endpoint, `"${server.secretAccessKey}"`]) expect(host.holds(value)).toBe(false);
  });

  it("says in its log which variable is wrong, and nothing of the others", async () => {
    const wrong = { STORAGE_BACKEND: "s3", STORAGE_S3_BUCKET: "photos", STORAGE_S3_SECRET_KEY: "canary-secret-08d3" };
    await running(wrong, async (url, log) => {
      const answer = await fetch(`${url}/files/a`, { method: "PUT", body: "x" });
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toContain("canary");
      expect(log()).toContain("STORAGE_S3_ACCESS_KEY is not set but STORAGE_S3_SECRET_KEY is: set both keys");
      expect(log()).not.toContain("canary");
    });
  });
});

/** A stream of unknown length up, the whole of it and a range down, and the key in the key-value view. */
async function roundTrip(url: string): Promise<void> {
  const file = `${url}/files/a/${encodeURIComponent("ü b.bin")}`;
  const streamed: RequestInit & { duplex: "half" } = {
    method: "PUT",
    body: pieces(),
    duplex: "half",
    headers: { "content-type": "application/x-test" },
  };
  const put = await fetch(file, streamed);
  expect(put.status).toBe(201);
  expect(await put.json()).toMatchObject({
    key: "a/ü b.bin",
    size: bytes.byteLength,
    contentType: "application/x-test",
  });

  const whole = await fetch(file);
  expect(whole.status).toBe(200);
  expect(whole.headers.get("content-type")).toBe("application/x-test");
  expect(hash(new Uint8Array(await whole.arrayBuffer()))).toBe(hash(bytes));

  const part = await fetch(file, { headers: { range: "bytes=1000000-2000000" } });
  expect(part.status).toBe(206);
  expect(part.headers.get("content-range")).toBe(`bytes 1000000-2000000/${bytes.byteLength}`);
  expect(hash(new Uint8Array(await part.arrayBuffer()))).toBe(hash(bytes.subarray(1_000_000, 2_000_001)));

  expect(await (await fetch(`${url}/keys`)).json()).toEqual(["a:ü b.bin"]);
}

function pieces(): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.subarray(at, (at += 100_000)));
    },
  });
}
