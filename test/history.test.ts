/**
 * Random calls of several at a time on few keys, and whether some order of them explains all that was seen, of each key by itself:
 * `HISTORY_SEED=4,5 HISTORY_CALLS=100 npx vitest run test/history.test.ts` makes others, and more. What a run meets differs with who
 * is scheduled when; that something is refused does not.
 */
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "srvx";
import { describe, expect, it, onTestFinished } from "vitest";
import fs from "../drivers/fs.ts";
import memory from "../drivers/memory.ts";
import s3 from "../drivers/s3.ts";
import { bundle, run } from "./drivers/fs/child.ts";
import type { Fault } from "./faults/proxy/fault.ts";
import { startProxy } from "./faults/proxy.ts";
import { gateway } from "../src/gateway.ts";
import { startStub } from "./faults/stub.ts";
import type { Errand } from "./history/child.ts";
import { type Act, unexplained } from "./history/register.ts";
import { chosen, played } from "./history/team.ts";
import type { R2Game } from "./history/worker.ts";
import { program } from "./runtimes/install.ts";
import { chance } from "./support/chance.ts";

const { seeds, calls, times } = chosen(15);
const timeout = 120_000 * seeds.length;
/** Of the two in the middle one has to give way to the other, the last is no file name. */
const KEYS = ["c.txt", "a", "a/b", "d*e"];
/** Requests that meet a fault, of all. */
const SHARE = 0.06;
const game = { players: 4, calls, keys: KEYS };

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "unbucket-history-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe(`histories ${times}`, { timeout }, () => {
  it.each(seeds)("in memory, seed %s", async (seed) => {
    expect(unexplained(await played({ ...game, stores: [memory()], seed }))).toBeNull();
  });

  it.each(seeds)("in a folder, seed %s", async (seed) => {
    const store = fs({ base: folder(), durable: seed % 2 === 0 });
    expect(unexplained(await played({ ...game, stores: [store], seed }))).toBeNull();
    await store.dispose();
  });
});

describe(`histories ${times}`, { timeout }, () => {
  async function asked(seed: number, share: number): Promise<unknown> {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL("history/worker.ts", import.meta.url))],
      ...{ bundle: true, format: "esm", write: false, conditions: ["workerd", "worker", "browser"] },
    });
    const script = outputFiles[0]?.text ?? "";
    const workerd = new Miniflare({ modules: true, script, compatibilityDate: "2026-04-01", r2Buckets: ["BUCKET"] });
    onTestFinished(() => workerd.dispose());
    const body = JSON.stringify({ ...game, seed, share } satisfies R2Game);
    const answer = await workerd.dispatchFetch("http://x/", { method: "POST", body });
    return answer.ok ? ((await answer.json()) as { wrong: unknown }).wrong : answer.text();
  }

  const lines = Object.entries({ "answers each call": 0, "loses calls and answers": SHARE });
  it.each(lines.flatMap(([line, share]) => seeds.map((seed) => ({ line, share, seed }))))(
    "by R2's binding, whose bucket $line, seed $seed",
    async ({ share, seed }) => expect(await asked(seed, share)).toBeNull(),
  );
});

it("a history of conditions that nobody checks is refused", async () => {
  const store = memory();
  const upload: typeof store.upload = (key, body, options) =>
    store.upload(key, body, { ...options, ifMatch: undefined, ifNoneMatch: undefined });
  const acts = await played({ ...game, stores: [{ ...store, upload }], seed: 1, without: ["update"] });
  expect(unexplained(acts)).toMatch(/\d (create|replace) /);
});

it("a history of deletes that pass over their condition is refused", async () => {
  const store = memory();
  const remove: typeof store.delete = (key) => store.delete(key);
  const acts = await played({ ...game, stores: [{ ...store, delete: remove }], seed: 1 });
  expect(unexplained(acts)).toContain(": after ");
});

/** Deno cuts times, and with them ETags, to milliseconds. */
function alike(a: string, b: string): boolean {
  const cut = (etag: string): string =>
    etag.replace(/\w+/, (time) => ((BigInt(`0x${time}`) / 1_000_000n) * 1_000_000n).toString(16));
  return a === b || cut(a) === b || a === cut(b);
}

/** Bytes alone where Deno is, which takes a record of another runtime for a neighbour's within a millisecond and a half (drivers/fs.md). */
const TEAMS = [
  { who: "three processes of Node", team: [process.execPath, process.execPath, process.execPath], bare: false },
  { who: "Node, Bun and another Node", team: ["node26", "bun", process.execPath], bare: false },
  { who: "Node, Bun and Deno, of bytes alone", team: ["node26", "bun", "deno"], bare: true },
];

describe(`histories of one folder ${times}`, { timeout }, () => {
  async function acts(team: readonly string[], bare: boolean, seed: number): Promise<readonly Act[]> {
    const child = JSON.stringify(new URL("history/child.ts", import.meta.url).pathname);
    const code = await bundle(`import { play } from ${child};\nawait play(JSON.parse(base));`);
    const place = folder();
    const report = (number: number): string => join(place, `${number}.json`);
    const errand: Omit<Errand, "number" | "report"> = {
      ...{ base: join(place, "base"), durable: seed % 2 === 0, clock: join(place, "clock") },
      ...{ processes: team.length, players: 2, seed, calls, keys: KEYS, bare },
    };
    const ends = await Promise.all(
      team.map(async (name, number) => {
        const rights = name === "deno" ? ["run", "--allow-all", "--quiet", "--no-check"] : [];
        const command = name === process.execPath ? name : await program(name as "deno");
        return run(command, [...rights, code, JSON.stringify({ ...errand, number, report: report(number) })]).ended;
      }),
    );
    expect(ends.map((end) => end.code)).toEqual(team.map(() => 0));
    return team.flatMap((_, number) => JSON.parse(readFileSync(report(number), "utf8")) as Act[]);
  }

  const cases = TEAMS.flatMap((game) => seeds.map((seed) => ({ ...game, seed })));
  it.each(cases)("among $who, seed $seed", async ({ team, bare, seed }) => {
    expect(unexplained(await acts(team, bare, seed), bare ? { alike } : {})).toBeNull();
  });
});

const NETWORKS: Readonly<Record<string, readonly Fault[]>> = {
  "that is as it should be": [],
  "that loses answers": [
    { do: "lose", by: "rst" },
    { do: "lose", by: "fin" },
    { do: "status", status: 502 },
  ],
  "that cuts connections": [
    { do: "drop", by: "rst" },
    { do: "drop", by: "fin" },
    { do: "drop", by: "rst", after: 100 },
    { do: "truncate", at: 20, by: "rst" },
    { do: "truncate", at: 20, by: "fin" },
    { do: "idle-close" },
    { do: "headers", set: { etag: null } },
    { do: "reply", status: 503 },
  ],
  // A refusal may be told of a write that took effect, where somebody has replaced that before its writer looks (drivers/s3.md).
  "that sends requests twice": [{ do: "repeat" }],
};

const keys = { accessKeyId: "AKIDHISTORY", secretAccessKey: "history-secret" };

/** What is behind the network; gives its address. */
const SERVERS: Readonly<Record<string, () => Promise<string>>> = {
  async "a stub"() {
    const stub = await startStub(keys);
    onTestFinished(() => stub.close());
    stub.world("history");
    return stub.url;
  },
  async "a gateway before a folder"() {
    const { fetch } = gateway(fs({ base: folder(), durable: false }), { bucket: "history", credentials: keys });
    const server = serve({ fetch, port: 0, hostname: "127.0.0.1", silent: true });
    onTestFinished(() => server.close(true));
    await server.ready();
    return server.url as string;
  },
};

describe(`histories ${times}`, { timeout }, () => {
  // A folder gives each write an ETag of its own: of one that a network repeats two were seen, which no order of single writes explains.
  const pairs = Object.entries(NETWORKS).map(([network, faults]) => ({ server: "a stub", network, faults }));
  const calm = { server: "a gateway before a folder", network: "that is as it should be", faults: [] };
  const cases = [...pairs, calm].flatMap((pair) => seeds.map((seed) => ({ ...pair, seed })));
  it.each(cases)("on $server over a network $network, seed $seed", async ({ server, faults, seed }) => {
    const upstream = new URL((await SERVERS[server]?.()) ?? "");
    const random = chance(seed);
    const faultsFor = (): readonly Fault[] =>
      random() < SHARE ? [faults[Math.floor(random() * faults.length)] ?? { do: "delay", milliseconds: 1 }] : [];
    const proxy = await startProxy({
      upstream: { host: upstream.hostname, port: Number(upstream.port) },
      log: () => {},
      faultsFor,
    });
    onTestFinished(() => proxy.close());
    const retry = { baseDelay: 1, maxDelay: 5 };
    const store = s3({ ...keys, bucket: "history", endpoint: proxy.url, retry, timeout: 5000 });
    const acts = await played({
      ...game,
      stores: [store],
      seed,
      again: faults.length > 0,
      echoes: faults === NETWORKS["that sends requests twice"],
    });
    expect(unexplained(acts, { repeats: faults.length > 0 })).toBeNull();
    await store.dispose();
  });
});
