import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Build, type HostSpec, type InstalledHost, installHost, type Variables } from "./hosts/host.ts";
import { recentNode } from "./hosts/node.ts";
import { packPackage, type PackedPackage } from "./hosts/pack.ts";
import { bytes, hash, key, path, roundTrip } from "./hosts/trip.ts";
import { startWorker } from "./hosts/worker.ts";
import { freshBucket, type S3Server, mainServers, signed } from "./support/s3.ts";

const nitro: HostSpec = {
  name: "nitro",
  command: "nitro/dist/cli/index.mjs",
  node: async () => process.execPath,
};
const nuxt: HostSpec = { name: "nuxt", command: "nuxt/bin/nuxt.mjs", node: recentNode };
const minutes = 60_000;
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Not a variable of storage, but the S3 driver falls back to it: a build that read the environment would show it. */
const builders = {
  AWS_ACCESS_KEY_ID: "canary-access-4f1d",
  AWS_SECRET_ACCESS_KEY: "canary-secret-9c2e",
  AWS_REGION: "canary-region-77",
};

let packed: PackedPackage;
beforeAll(async () => {
  packed = await packPackage();
}, 2 * minutes);
afterAll(() => packed?.remove());

const onServer = (server: S3Server, bucket: string): Variables => ({
  STORAGE_BACKEND: "s3",
  STORAGE_S3_BUCKET: bucket,
  STORAGE_S3_REGION: server.region,
  STORAGE_S3_ENDPOINT_URL: server.endpoint,
  STORAGE_S3_ACCESS_KEY: server.accessKeyId,
  STORAGE_S3_SECRET_KEY: server.secretAccessKey,
});

/** What a server holds below the key, asked without the driver under test. */
async function stored(server: S3Server, bucket: string): Promise<string> {
  return hash(await (await signed(server, "GET", `${bucket}/${path}`)).arrayBuffer());
}

describe.each([nitro, nuxt])("$name, built once without a variable of storage", (spec) => {
  const scratch = mkdtempSync(join(tmpdir(), "unbucket-uploads-"));
  let host: InstalledHost;
  let built: Build;

  beforeAll(async () => {
    const started = performance.now();
    host = await installHost(spec, packed.tarball);
    const installed = seconds(started);
    const since = performance.now();
    built = await host.build(builders);
    console.log(`${spec.name}: installed in ${installed}, built in ${seconds(since)}, ${built.size >> 10} KiB`);
  }, 10 * minutes);
  afterAll(() => {
    host?.remove();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** Starts a build with these variables, runs the check against its address, ends it. */
  async function running(
    build: Build,
    variables: Variables,
    check: (url: string, log: () => string) => Promise<void>,
  ): Promise<void> {
    const since = performance.now();
    const server = await build.start(variables);
    console.log(`${spec.name} on ${variables["STORAGE_BACKEND"] ?? "a folder"}: listens after ${seconds(since)}`);
    try {
      await check(server.url, () => readFileSync(join(server.folder, "server.log"), "utf8"));
    } finally {
      server.stop();
    }
  }

  it("has nothing of the builder's environment in its output", () => {
    expect(built.holds("STORAGE_S3_SECRET_KEY")).toBe(true);
    for (const value of Object.values(builders)) expect(built.holds(value)).toBe(false);
  });

  it("runs on the folder that the environment names", async () => {
    const folder = join(scratch, "named");
    await running(built, { STORAGE_LOCAL_PATH: folder }, async (url) => {
      await roundTrip(url);
      expect(hash(readFileSync(join(folder, key)))).toBe(hash(bytes));
    });
  });

  it.each(mainServers)("runs on $name, from the same build", async (server: S3Server) => {
    const bucket = await freshBucket(server);
    await running(built, onServer(server, bucket), async (url) => {
      await roundTrip(url);
      expect(await stored(server, bucket)).toBe(hash(bytes));
    });
  });

  it("says in its log which variable is wrong, and nothing of the others", async () => {
    const wrong = { STORAGE_BACKEND: "s3", STORAGE_S3_BUCKET: "photos", STORAGE_S3_SECRET_KEY: "canary-secret-08d3" };
    await running(built, wrong, async (url, log) => {
      const answer = await fetch(`${url}/files/a`, { method: "PUT", body: "x" });
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toContain("canary");
      expect(log()).toContain("STORAGE_S3_ACCESS_KEY is not set but STORAGE_S3_SECRET_KEY is: set both keys");
      expect(log()).not.toContain("canary");
    });
  });

  it(
    "freezes nothing when it is built with all variables set",
    async () => {
      const canaries = {
        STORAGE_BACKEND: "s3",
        STORAGE_LOCAL_PATH: "/canary-folder-51ab",
        STORAGE_S3_BUCKET: "canary-bucket-3e77",
        STORAGE_S3_REGION: "canary-region-1c",
        STORAGE_S3_ENDPOINT_URL: "http://canary-endpoint.invalid",
        STORAGE_S3_ACCESS_KEY: "canary-access-a090",
        STORAGE_S3_SECRET_KEY: "canary-secret-b7d5",
        STORAGE_PUBLIC_URL: "https://canary-public.invalid",
      };
      const again = await host.build(canaries);
      expect(again.holds("canary-")).toBe(false);
      const folder = join(scratch, "again");
      await running(again, { STORAGE_LOCAL_PATH: folder }, async (url) => {
        await roundTrip(url);
        expect(hash(readFileSync(join(folder, key)))).toBe(hash(bytes));
      });
    },
    5 * minutes,
  );
});

describe("nitro, built for Workers without a variable of storage", () => {
  let host: InstalledHost;
  let built: Build;

  beforeAll(async () => {
    host = await installHost(nitro, packed.tarball);
    built = await host.build({ ...builders, NITRO_PRESET: "cloudflare_module" });
  }, 10 * minutes);
  afterAll(() => host?.remove());

  async function running(variables: Variables, check: (url: string) => Promise<void>): Promise<void> {
    const worker = startWorker(built, variables);
    try {
      await check((await worker.ready).origin);
    } finally {
      await worker.dispose();
    }
  }

  it("has neither Node's modules nor the builder's environment in its output", () => {
    expect(built.holds("STORAGE_S3_SECRET_KEY")).toBe(true);
    expect(built.holds('"node:')).toBe(false);
    expect(built.holds("'node:")).toBe(false);
    for (const value of Object.values(builders)) expect(built.holds(value)).toBe(false);
  });

  it.each(mainServers)("runs on $name by its bindings", async (server: S3Server) => {
    const bucket = await freshBucket(server);
    await running(onServer(server, bucket), async (url) => {
      await roundTrip(url);
      expect(await stored(server, bucket)).toBe(hash(bytes));
    });
  });

  it("runs in memory by its bindings", () => running({ STORAGE_BACKEND: "memory" }, roundTrip));
});
