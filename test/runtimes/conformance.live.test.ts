import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { deviations } from "../deviations.ts";
import type { StoreConfig } from "../suite/jobs.ts";
import { openToPages } from "../browser/cors.ts";
import { engines, isEngine } from "../browser/tab.ts";
import { freshBucket, mainServers, type S3Server } from "../support/s3.ts";
import { makeApp, type App } from "./app.ts";
import { runtimes, withNode } from "./run.ts";
import { type Seen, tableOf } from "./table.ts";

type Store = Omit<StoreConfig, "seams" | "options"> & { readonly options: () => Promise<Record<string, unknown>> };

const seen: Seen[] = [];
const scratch = mkdtempSync(join(tmpdir(), "unbucket-suite-"));
let app: App;
beforeAll(async () => {
  app = await makeApp();
});
afterAll(() => {
  app.remove();
  rmSync(scratch, { recursive: true, force: true });
});

const local = { capabilities: ["multipart", "uploads"], partSize: 64 * 1024, deviations: {} } as const;

const stores: readonly Store[] = [
  { ...local, name: "memory", driver: "memory", options: async () => ({}) },
  {
    ...local,
    name: "fs",
    driver: "fs",
    capabilities: [...local.capabilities, "watch"],
    options: async () => ({ base: mkdtempSync(join(scratch, "base-")) }),
  },
  {
    ...local,
    name: "gateway",
    driver: "gateway",
    partSize: 5 * 2 ** 20,
    deviations: { "presign: gives null where the driver cannot": "it presigns for an address that nothing listens at" },
    options: async () => ({ partSize: 5 * 2 ** 20 }),
  },
  ...mainServers.map((server): Store => ({
    name: server.name,
    driver: "s3",
    capabilities: ["presign", "multipart", "uploads"],
    partSize: 5 * 2 ** 20,
    deviations: deviations[server.name],
    options: () => s3Options(server),
  })),
];

/** On workerd files lie in memory, and each case is a request, which finds none of those of others. */
const onWorkerd: Store = {
  ...local,
  name: "fs",
  driver: "fs",
  deviations: { "key: sixty segments": "a path has 48 segments at most" },
  options: async () => ({ base: "/tmp/objects" }),
};

/**
 * Deno tells who watches a folder of what happens in watched ones below it, by its last name alone, and not always in order
 * (https://github.com/denoland/deno/issues/18348), and loses some (https://github.com/denoland/deno/issues/11373).
 */
function onDeno(store: Store): Store {
  if (store.driver !== "fs") return store;
  const unsupported = "watch: a driver that cannot be watched has none, or refuses";
  return {
    ...store,
    capabilities: local.capabilities,
    deviations: { [unsupported]: "it has a watch, of whose removals some get lost" },
  };
}

/** A page has no files, and reads decoded what is stored compressed. */
function inBrowser(store: Store): Store[] {
  if (store.driver !== "s3") return store.driver === "fs" ? [] : [store];
  const decoded = "contentEncoding: bytes that are stored compressed come back as they are stored";
  return [{ ...store, deviations: { ...store.deviations, [decoded]: "a browser decodes them" } }];
}

const unconditional = "R2 completes no upload on a condition";

/** A binding, which only workerd has. */
const inR2: Store = {
  name: "r2",
  driver: "r2",
  capabilities: ["multipart"],
  partSize: 8 * 2 ** 20,
  deviations: {
    "condition: holds for an upload of several parts": unconditional,
    "update: a stream made of the current object is stored whole, of any length": unconditional,
    "update: a stream whose write is refused is let go, and asked for again": unconditional,
    "multipart: ifNoneMatch * holds when it completes": unconditional,
    "abort: a download that is under way": "a stream of the runtime's own errors with a copy of the reason",
  },
  options: async () => ({ binding: "BUCKET" }),
};

async function s3Options(server: S3Server): Promise<Record<string, unknown>> {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const bucket = await freshBucket(server);
  // Its own rule shows a page few headers; MinIO, which takes no rules, shows all.
  if (server.name === "seaweedfs") await openToPages(server, bucket);
  return { bucket, endpoint, region, accessKeyId, secretAccessKey, partSize: 5 * 2 ** 20 };
}

/** What a runtime can reach: files nowhere but on servers and where Workers have Node's modules, a binding on Workers. */
function storesOf(runtime: string): readonly Store[] {
  if (isEngine(runtime)) return stores.flatMap(inBrowser);
  if (runtime === "deno") return stores.map(onDeno);
  if (runtime === "workerd") return [...stores.filter(({ driver }) => driver !== "fs"), inR2];
  if (runtime === withNode) return [...stores.map((store) => (store.driver === "fs" ? onWorkerd : store)), inR2];
  return stores;
}

/**
 * The second server stands behind one runtime for each transport, undici and fetch, and the binding, which knows nothing of Node's
 * modules, in plain workerd; the others have them in the long run.
 */
function standing(runtime: string, store: Store): Store[] {
  const second = store.name === mainServers[1]?.name;
  if (second ? ["node 20", "workerd"].includes(runtime) : !(store.driver === "r2" && runtime === withNode))
    return [store];
  return process.env["UNBUCKET_LONG"] ? [{ ...store, name: `${store.name}, long` }] : [];
}

// All pairs in one queue, so that none waits for the slowest of a runtime.
const running = runtimes.filter(({ name }) => !isEngine(name) || engines.includes(name));
describe.concurrent.each(running)("conformance of the built package on $name", ({ name, seams, run }) => {
  it.for(storesOf(name).flatMap((store) => standing(name, store)))(
    "with $name",
    { timeout: 600_000 },
    async (store, { expect }) => {
      const begin = performance.now();
      const report = await run(app.folder, { ...store, seams, options: await store.options() });
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      const deviating = Object.keys(store.deviations).length;
      const total = report.passed + report.failed.length;
      seen.push({ runtime: name, store: store.name, met: report.passed - deviating, total });
      console.log(
        `${name} × ${store.name}: ${report.passed} passed, ${report.failed.length} failed, ${deviating} of them deviations, ${seconds} s`,
      );
      expect(report.failed).toEqual([]);
      expect(report.passed).toBeGreaterThan(100);
    },
  );
});

describe("what this run saw", () => {
  const update = "npx vitest run test/runtimes/conformance.live.test.ts -u";
  it(`is what test/runtimes/table.md shows; \`${update}\` takes a change over, to be copied into the README`, async ({
    expect,
  }) => {
    const names = runtimes.map(({ name }) => name);
    const before = readFileSync(new URL("table.md", import.meta.url), "utf8");
    await expect(tableOf(names, seen, before)).toMatchFileSnapshot("table.md");
  });
});
