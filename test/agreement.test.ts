/**
 * All drivers do the same: random calls on each, whose outcomes are compared. `AGREEMENT_SEED=4,5` chooses other calls,
 * `AGREEMENT_CALLS=n` how many.
 */
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createStorage } from "unstorage";
import { expect, it, onTestFinished } from "vitest";
import fs from "../drivers/fs.ts";
import memory from "../drivers/memory.ts";
import s3 from "../drivers/s3.ts";
import type { ObjectStore } from "../src/interface.ts";
import { gateway } from "../src/gateway.ts";
import { objects } from "../src/mounts.ts";
import { agree } from "./agreement/agree.ts";
import { Player } from "./agreement/player.ts";
import { KEYS } from "./agreement/script.ts";
import { startStub } from "./faults/stub.ts";

const keys = { accessKeyId: "AKID", secretAccessKey: "secret" };
const bucket = "agreement";
const seeds = (process.env["AGREEMENT_SEED"] ?? "1,2").split(",").map(Number);
const calls = Number(process.env["AGREEMENT_CALLS"] ?? 300);
const timeout = 60_000 + calls * 100;

it.each(seeds)("calls come to the same in memory, in a folder and on S3, seed %s", { timeout }, async (seed) => {
  const base = mkdtempSync(join(tmpdir(), "unbucket-agreement-"));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  const stub = await startStub(keys);
  onTestFinished(() => stub.close());
  stub.world(bucket);
  const players = [
    new Player("memory", memory()),
    new Player("fs", fs({ base, durable: false })),
    new Player("s3", s3({ ...keys, bucket, endpoint: stub.url })),
  ] as const;
  await agree(players, seed, calls);
});

it.each(seeds)("calls come to the same in memory and before gateways, seed %s", { timeout }, async (seed) => {
  const base = mkdtempSync(join(tmpdir(), "unbucket-agreement-"));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  const before = (store: ObjectStore): ReturnType<typeof s3> =>
    s3({ ...keys, bucket, endpoint: "http://gateway", fetch: gateway(store, { bucket, credentials: keys }).fetch });
  const players = [
    new Player("memory", memory()),
    new Player("gateway over memory", before(memory())),
    new Player("gateway over fs", before(fs({ base, durable: false }))),
  ] as const;
  await agree(players, seed, calls);
});

it.each(seeds)("calls come to the same in a scope and over mounts, seed %s", { timeout }, async (seed) => {
  const outer = memory();
  // None of these is in the scope.
  for (const key of ["bas", "base", "baz/k"]) await outer.upload(key, "outside");
  const storage = createStorage();
  storage.mount("", memory());
  const players = [
    new Player("memory", memory()),
    new Player("scope", outer.scoped("base/")),
    new Player("mounts", objects(storage)),
  ] as const;
  // Which of several keys that are none is named, is each one's own.
  await agree(players, seed, calls, { objects: true, keys: KEYS });
  expect((await outer.list().pages().next()).value?.objects.at(-1)?.key).toBe("baz/k");
});

it.each(seeds)("calls come to the same in memory and by R2's binding, seed %s", { timeout }, async (seed) => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("agreement/worker.ts", import.meta.url))],
    bundle: true,
    format: "esm",
    write: false,
    conditions: ["workerd", "worker", "browser"],
  });
  const script = outputFiles[0]?.text ?? "";
  const workerd = new Miniflare({ modules: true, script, compatibilityDate: "2026-04-01", r2Buckets: ["BUCKET"] });
  onTestFinished(() => workerd.dispose());
  const answer = await workerd.dispatchFetch("http://x/", { method: "POST", body: JSON.stringify({ seed, calls }) });
  expect(await answer.text()).toBe("");
});
