import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checksFor, runChecks } from "./hosts/checks.ts";
import { type Deviations, ofNitro, ofNitropack, ofPlatforms, platforms } from "./hosts/deviations.ts";
import { type Endpoint, gatewayBucket } from "./hosts/gateway.ts";
import { type Build, type HostSpec, type Installed, installFixture, type Preset, presets } from "./hosts/host.ts";
import { recentNode } from "./hosts/node.ts";
import { packPackage, type PackedPackage } from "./hosts/pack.ts";
import { type PlainApp, startPlain } from "./hosts/plain.ts";
import type { RunningApp, Variables } from "./hosts/running.ts";
import { type BucketStore, bucketStore, folderStore, memoryStore, type Store } from "./hosts/stores.ts";
import { mainServers } from "./support/s3.ts";

/** All hosts on all presets with all stores; else pairs in which each host and each preset stands once. */
const long = Boolean(process.env["UNBUCKET_LONG"]);
const title = long ? "long:" : "standing:";
const minutes = 60_000;
const [first, second = first] = mainServers as [(typeof mainServers)[number], ...typeof mainServers];

const nitroCommand = "nitro/dist/cli/index.mjs";
const oldestNode = async (): Promise<string> => process.execPath;

interface Host extends HostSpec {
  readonly deviations: Readonly<Record<Preset, Deviations>>;
  readonly standing: readonly Preset[];
}

const hosts: readonly Host[] = [
  {
    name: "Nitro 3",
    fixture: "nitro",
    command: nitroCommand,
    node: oldestNode,
    deviations: ofNitro,
    standing: ["node-server", "cloudflare-module"],
  },
  {
    name: "Nitro 3 beta",
    fixture: "nitro-beta",
    command: nitroCommand,
    // Its configuration is TypeScript, which this Nitro leaves to Node.
    node: recentNode,
    deviations: ofNitro,
    standing: ["bun"],
  },
  {
    name: "nitropack 2",
    fixture: "nuxt",
    command: "nitropack/dist/cli/index.mjs",
    node: oldestNode,
    deviations: ofNitropack,
    standing: ["deno-server"],
  },
  {
    name: "Nuxt 4",
    fixture: "nuxt",
    command: "nuxt/bin/nuxt.mjs",
    node: recentNode,
    deviations: ofNitropack,
    standing: ["node-server"],
  },
];

const plainApps: readonly PlainApp[] = long
  ? (["h3", "hono", "bare"] as const).flatMap((app) =>
      (["unstorage1", "unstorage2"] as const).flatMap((unstorage) =>
        platforms.map((platform): PlainApp => ({ app, unstorage, platform })),
      ),
    )
  : [
      { app: "h3", unstorage: "unstorage2", platform: "node" },
      { app: "hono", unstorage: "unstorage1", platform: "bun" },
      { app: "bare", unstorage: "unstorage2", platform: "deno" },
      { app: "bare", unstorage: "unstorage1", platform: "workerd" },
    ];

/** What a builder may have in the environment: none of it may be seen again. */
const canaries: Variables = {
  AWS_ACCESS_KEY_ID: "canary-access-4f1d",
  AWS_SECRET_ACCESS_KEY: "canary-secret-9c2e",
  AWS_REGION: "canary-region-77",
  STORAGE_BACKEND: "s3",
  STORAGE_LOCAL_PATH: "/canary-folder-51ab",
  STORAGE_S3_BUCKET: "canary-bucket-3e77",
  STORAGE_S3_REGION: "canary-region-1c",
  STORAGE_S3_ENDPOINT_URL: "http://canary-endpoint.invalid",
  STORAGE_S3_ACCESS_KEY: "canary-access-a090",
  STORAGE_S3_SECRET_KEY: "canary-secret-b7d5",
  STORAGE_PUBLIC_URL: "https://canary-public.invalid",
  RUN_BUCKET: "canary-bucket-99d0",
  RUN_SECRET: "canary-secret-5b31",
};

let packed: PackedPackage;
let mounted: BucketStore;
beforeAll(async () => {
  packed = await packPackage();
  mounted = await bucketStore(second);
}, 5 * minutes);

const results: Readonly<Record<"host" | "on" | "mount", string> & Record<"passed" | "of", number>>[] = [];
afterAll(async () => {
  console.table(results);
  await mounted?.close();
  packed?.remove();
});

/** Runs the checks on mounts of an app: what fails is what hosts and servers are known for. */
async function check(
  name: string,
  on: string,
  app: RunningApp,
  deviations: Deviations,
  mounts: Readonly<Record<string, Store>>,
  s3: Installed["s3"],
): Promise<void> {
  for (const [mount, store] of Object.entries(mounts)) {
    const { received, hold } = store;
    const expected = { ...store.deviations, ...deviations };
    const gateway = mount === gatewayBucket ? endpointOf(app, s3) : undefined;
    const asked = checksFor({ received, hold, gateway }).map((each) => each.name);
    const target = { files: `${app.url}/files/${mount}`, keys: `${app.url}/keys/${mount}`, received, hold, gateway };
    const { passed, failed } = await runChecks(target, expected);
    results.push({ host: name, on, mount: `${mount} in ${store.name}`, passed: passed.length, of: asked.length });
    if (long) console.log(`${name} on ${on}, ${mount} in ${store.name}: ${passed.length} of ${asked.length}`);
    const unknown = [...failed].filter(([each]) => !(each in expected));
    expect(unknown, `${mount} in ${store.name}`).toEqual([]);
    expect([...failed.keys()], `${mount} in ${store.name}`).toEqual(asked.filter((each) => each in expected));
    expect(await store.sizeOf?.("whole.bin")).toBe(store.sizeOf && 3 * 2 ** 20);
  }
}

/** The gateway that each fixture has over its mount `uploads`. */
function endpointOf({ url }: RunningApp, s3: Installed["s3"]): Endpoint {
  const options = { bucket: gatewayBucket, endpoint: `${url}/s3`, region: "us-east-1" };
  return { url: `${options.endpoint}/${gatewayBucket}`, open: (keys) => s3({ ...options, ...keys }) };
}

/** The variables of the mount that is made at run time. */
function atRun(): Variables {
  const { server, bucket, endpoint } = mounted;
  return {
    RUN_BUCKET: bucket,
    RUN_ENDPOINT: endpoint,
    RUN_KEY: server.accessKeyId,
    RUN_SECRET: server.secretAccessKey,
  };
}

/** Asks the route that drivers/hosts.md has whole. */
async function askGuide(app: RunningApp): Promise<void> {
  const url = `${app.url}/media/guide%20of/hosts.txt`;
  const headers = { "content-type": "application/x-test" };
  const put = await fetch(url, { method: "PUT", body: "Hello", headers });
  expect(await put.json()).toEqual({ key: "guide of/hosts.txt", size: 5 });
  const got = await fetch(url, { headers: { range: "bytes=1-3" } });
  expect([got.status, got.headers.get("content-type"), await got.text()]).toEqual([
    206,
    headers["content-type"],
    "ell",
  ]);
  expect((await fetch(`${app.url}/media/nothing`)).status).toBe(404);
}

/** Runs the steps on an app and ends it. */
async function using(app: RunningApp, steps: () => Promise<void>): Promise<void> {
  try {
    await steps();
  } finally {
    await app.stop();
  }
}

const fixtures = [...new Set(hosts.map(({ fixture }) => fixture))];

describe.each(fixtures)(`${title} the fixture %s`, (fixture) => {
  let installed: Installed;
  let named: BucketStore;
  beforeAll(async () => {
    installed = await installFixture(fixture, packed.tarball);
    named = await bucketStore(first);
  }, 10 * minutes);
  afterAll(async () => {
    await named?.close();
    installed?.remove();
  });

  const pairs = hosts
    .filter((host) => host.fixture === fixture)
    .flatMap((host) => (long ? presets : host.standing).map((preset) => ({ name: host.name, preset, host })));

  describe.each(pairs)("by $name for $preset", ({ host, preset }) => {
    const deviations = host.deviations[preset];
    const onWorkers = preset === "cloudflare-module";
    let built: Build;
    // Every other one, so that each framework builds both with credentials and without any.
    const builder = (hosts.indexOf(host) + presets.indexOf(preset)) % 2 === 1 ? canaries : {};
    beforeAll(async () => {
      const { bucket, endpoint } = named;
      built = await installed.build(host, preset, { ...builder, BUILD_BUCKET: bucket, BUILD_ENDPOINT: endpoint });
    }, 5 * minutes);

    it("has the options of its configuration in the build, and nothing of the builder's environment", () => {
      expect(built.holds(named.bucket)).toBe(true);
      expect(built.holds("STORAGE_S3_SECRET_KEY")).toBe(true);
      expect(built.holds("canary-")).toBe(false);
    });

    it(
      `passes what HTTP asks on, with ${onWorkers ? "memory" : "a folder"}, S3 by name and S3 mounted at run time`,
      async () => {
        const store = onWorkers ? memoryStore : folderStore();
        const { accessKeyId, secretAccessKey } = named.server;
        const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
        const app = await built.start({ ...store.variables, ...keys, ...atRun() });
        await using(app, async () => {
          if (fixture === "nuxt") await askGuide(app);
          await check(host.name, preset, app, deviations, { uploads: store, named, mounted }, installed.s3);
        });
        await store.close();
      },
      5 * minutes,
    );

    const others = long ? [...mainServers, ...(onWorkers ? [] : ["memory" as const])] : [first];
    it.each(others.map((other) => ({ name: other === "memory" ? other : other.name, other })))(
      "runs on $name by its variables, from the same build",
      async ({ other }) => {
        const store = other === "memory" ? memoryStore : await bucketStore(other);
        const app = await built.start({ ...store.variables, ...atRun() });
        await using(app, () => check(host.name, preset, app, deviations, { uploads: store }, installed.s3));
        await store.close();
      },
      5 * minutes,
    );

    it("says which variable is wrong, in its log alone, and nothing of the others", async () => {
      const wrong = { STORAGE_BACKEND: "s3", STORAGE_S3_BUCKET: "photos", STORAGE_S3_SECRET_KEY: "canary-secret-08d3" };
      const app = await built.start({ ...wrong, ...atRun() });
      await using(app, async () => {
        const answer = await fetch(`${app.url}/files/uploads/a`, { method: "PUT", body: "x" });
        expect(answer.status).toBe(500);
        expect(await answer.text()).not.toMatch(/canary|STORAGE/);
        if (onWorkers) return;
        expect(app.log()).toContain("STORAGE_S3_ACCESS_KEY is not set but STORAGE_S3_SECRET_KEY is: set both keys");
        expect(app.log()).not.toContain("canary");
      });
    });
  });
});

describe(`${title} plain unstorage`, () => {
  let installed: Installed;
  beforeAll(async () => {
    installed = await installFixture("plain", packed.tarball);
  }, 5 * minutes);
  afterAll(() => installed?.remove());

  describe.each(plainApps)("$unstorage with $app on $platform", (plain) => {
    const { app, unstorage, platform } = plain;
    const roots = long ? [folderStore, async () => bucketStore(first), () => memoryStore] : [folderStore];
    it.each(platform === "workerd" ? [async () => bucketStore(first)] : roots)(
      "passes what HTTP asks on, as its root and as a mount",
      async (open) => {
        const store = await open();
        const running = await startPlain(installed.folder, plain, { ...store.variables, ...atRun() });
        const name = `${unstorage}, ${app}`;
        await using(running, () =>
          check(name, platform, running, ofPlatforms[platform], { uploads: store, mounted }, installed.s3),
        );
        await store.close();
      },
      5 * minutes,
    );
  });
});
