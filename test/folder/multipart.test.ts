/** Multipart uploads whose processes die, meet, and hold little memory. */
import { once } from "node:events";
import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { fsBackend } from "../../drivers/fs/backend.ts";
import { rootAt } from "../../drivers/fs/root.ts";
import { sweep } from "../../drivers/fs/sweep.ts";
import type { MultipartBackend, PendingUpload, StoredPart } from "../../src/backend.ts";
import { parseKey } from "../../src/key.ts";
import { bundle, run } from "../drivers/fs/child.ts";
import { emptyFolder, filesBelow } from "../drivers/fs/folder.ts";
import { testClock } from "../support/clock.ts";
import { faultOf, versionOf, write } from "./described.ts";

const KILLS = Number(process.env["UNBUCKET_KILLS"] ?? 25);
const DESCRIBED = JSON.stringify(new URL("./described.ts", import.meta.url).pathname);
const KEYS = ["a", "a/b", "x//y"];

/** Waits for a line, then makes versions of three keys out of three parts each until it is killed. */
const UPLOADER = `
  import { versionOf } from ${DESCRIBED};
  process.stdout.write("ready");
  process.stdin.once("data", async (data) => {
    const { multipart } = fsBackend({ base });
    let n = Number(data);
    process.stdout.write(" writing");
    const uploader = async (key) => {
      for (;;) {
        const { bytes, headers } = versionOf(key, ++n, 200 + Math.floor(Math.random() * 600_000));
        const { uploadId } = await multipart.create(key, headers);
        const third = Math.ceil(bytes.length / 3);
        const parts = await Promise.all([1, 2, 3].map((number) =>
          multipart.uploadPart(key, uploadId, number, bytes.subarray((number - 1) * third, number * third), {})));
        await multipart.complete(key, uploadId, parts, {});
      }
    };
    await Promise.all(${JSON.stringify(KEYS)}.map(uploader)).catch((error) => {
      console.error(error);
      process.exit(1);
    });
  });
`;

/** The length of the version whose parts these are, as the first of them says. */
async function lengthOf(base: string, uploadId: string): Promise<number> {
  const first = await readFile(join(base, ".unbucket/uploads", uploadId, "1")).catch(() => Buffer.alloc(0));
  if (first.length === 0) return Number.NaN;
  const { key, n, length } = JSON.parse(first.subarray(0, first.indexOf(10)).toString()) as {
    readonly key: string;
    readonly n: number;
    readonly length: number;
  };
  return versionOf(key, n, length).bytes.length;
}

const sum = (parts: readonly StoredPart[]): number => parts.reduce((total, { size }) => total + size, 0);

it(
  `L1, L3: ${KILLS} kills of a process that uploads parts and completes leave whole objects, and uploads that can be gone on with`,
  { timeout: 60_000 + KILLS * 20_000 },
  async () => {
    const base = await emptyFolder();
    const store = fsBackend({ base });
    const steps = store.multipart as Required<MultipartBackend>;
    let n = 0;
    for (const key of KEYS) await write(store, key, ++n, 10);
    const program = await bundle(UPLOADER);
    const tally = { completed: 0, aborted: 0, already: 0 };

    /** Completes an upload whose parts are all there, and aborts one that lacks some. */
    const goOn = async ({ key, uploadId }: PendingUpload): Promise<void> => {
      const parts = (await steps.parts(parseKey(key), uploadId, {})) ?? [];
      const made = await steps.completed(parseKey(key), { uploadId }, {});
      if (made === null && sum(parts) !== (await lengthOf(base, uploadId))) {
        await steps.abort(parseKey(key), uploadId, {});
        tally.aborted++;
        return;
      }
      const { etag } = await steps.complete(parseKey(key), uploadId, parts, {});
      expect((await store.head(parseKey(key), {}))?.etag).toBe(etag);
      if (made !== null) expect(etag).toBe(made.etag);
      tally[made === null ? "completed" : "already"]++;
    };

    const start = (): ReturnType<typeof spawn> & { out: () => string } => {
      const child = spawn(process.execPath, [program, base], { stdio: ["pipe", "pipe", "inherit"] });
      onTestFinished(() => void child.kill("SIGKILL"));
      child.stdin.on("error", () => {});
      let out = "";
      child.stdout.on("data", (data: Buffer) => (out += data.toString()));
      return Object.assign(child, { out: () => out });
    };
    let next = start();
    // On a busy machine some are killed before they have begun, and others die for them.
    const met = (): boolean => tally.completed + tally.aborted + tally.already > KILLS / 2;
    for (let kill = 0; kill < KILLS || (!met() && kill < 10 * KILLS); kill++) {
      const child = next;
      await expect.poll(child.out, { timeout: 30_000, interval: 2 }).toBe("ready");
      child.stdin?.write(`${(n += 100_000)}\n`);
      await expect.poll(child.out, { timeout: 30_000, interval: 1 }).toBe("ready writing");
      next = start();
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 120));
      child.kill("SIGKILL");
      expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
      for (const key of KEYS) expect(await faultOf(store, key)).toBe(null);
      for (const upload of (await steps.pending("", {})).uploads) await goOn(upload);
      for (const key of KEYS) expect(await faultOf(store, key)).toBe(null);
      expect((await store.list({ prefix: "", limit: 10 })).objects.map(({ key }) => key)).toEqual(KEYS);
    }
    // Or it was killed while it did nothing.
    expect(met()).toBe(true);
    await sweep(rootAt(base), testClock(Date.now() + 2 * 86_400_000, 0));
    const rest = (await filesBelow(base)).filter((file) => /\/(tmp|uploads)\//.test(file));
    expect([...rest, ...(await readdir(join(base, ".unbucket/uploads")))]).toEqual([]);
    console.log(`${KILLS} kills: ${JSON.stringify(tally)} of the uploads that they left`);
  },
);

it("L6: two processes that complete the same uploads make one object of each, and are told the same", async () => {
  const base = await emptyFolder();
  const store = fsBackend({ base, durable: false });
  const steps = store.multipart as Required<MultipartBackend>;
  const uploads: { key: string; uploadId: string; parts: StoredPart[] }[] = [];
  for (let at = 0; at < 40; at++) {
    const key = parseKey(`k/${at}`);
    const { uploadId } = await steps.create(key, {});
    const parts: StoredPart[] = [];
    for (const number of [1, 2])
      parts.push((await steps.uploadPart(key, uploadId, number, new Uint8Array(50_000), {})) as StoredPart);
    uploads.push({ key, uploadId, parts });
  }
  const program = await bundle(`
    const { multipart } = fsBackend({ base, durable: false });
    const etags = [];
    while (Date.now() < Number(args[1]));
    for (const { key, uploadId, parts } of JSON.parse(args[0]))
      etags.push((await multipart.complete(key, uploadId, parts, { ifNoneMatch: "*" })).etag);
    console.log(JSON.stringify(etags));
  `);
  const begin = `${Date.now() + 1500}`;
  const ends = await Promise.all(
    [1, 2].map(() => run(process.execPath, [program, base, JSON.stringify(uploads), begin]).ended),
  );
  const told = ends.map(({ out }) => JSON.parse(out) as string[]);
  const heads = await Promise.all(uploads.map(async ({ key }) => (await store.head(parseKey(key), {}))?.etag));
  expect(told).toEqual([heads, heads]);
  expect((await filesBelow(base)).filter((file) => /\/(tmp|uploads)\//.test(file))).toEqual([]);
});

it("completes 256 MiB of parts with less than 32 MiB more memory", { timeout: 120_000 }, async () => {
  const base = await emptyFolder();
  const steps = fsBackend({ base, durable: false }).multipart as Required<MultipartBackend>;
  const part = new Uint8Array(8 * 2 ** 20).fill(7);
  const begin = async (count: number): Promise<{ uploadId: string; parts: unknown[] }> => {
    const { uploadId } = await steps.create(parseKey("k"), {});
    const parts: unknown[] = [];
    for (let number = 1; number <= count; number++)
      parts.push(await steps.uploadPart(parseKey("k"), uploadId, number, part, {}));
    return { uploadId, parts };
  };
  const program = await bundle(`
    const store = fsBackend({ base, durable: false });
    const [small, large] = JSON.parse(args[0]);
    await store.multipart.complete("k", small.uploadId, small.parts, {});
    const before = process.resourceUsage().maxRSS;
    await store.multipart.complete("k", large.uploadId, large.parts, {});
    const { size } = await store.head("k", {});
    console.log(JSON.stringify({ size, grown: process.resourceUsage().maxRSS - before }));
  `);
  const { out } = await run(process.execPath, [program, base, JSON.stringify([await begin(1), await begin(32)])]).ended;
  const { size, grown } = JSON.parse(out) as { size: number; grown: number };
  console.log(`256 MiB of parts: peak memory grew by ${(grown / 1024).toFixed(1)} MiB`);
  expect(size).toBe(256 * 2 ** 20);
  expect(grown).toBeLessThan(32 * 1024);
});
