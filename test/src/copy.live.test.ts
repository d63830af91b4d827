import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import fs from "../../drivers/fs.ts";
import s3 from "../../drivers/s3.ts";
import { noise } from "../../src/conformance/bytes.ts";
import { copyAll } from "../../src/copy.ts";
import type { Driver } from "../../src/driver.ts";
import { freshBucket, mainServers } from "../support/s3.ts";

const MIB = 2 ** 20;

async function folder(): Promise<string> {
  const base = await mkdtemp(join(tmpdir(), "unbucket-copy-live-"));
  onTestFinished(() => rm(base, { recursive: true }));
  return base;
}

/** What a store holds: by key the bytes' length and what travels with them. */
async function contents(store: Driver): Promise<Readonly<Record<string, unknown>>> {
  const all: Record<string, unknown> = {};
  for await (const { key = "" } of store.list()) {
    const { size, contentType, cacheControl, metadata } = (await store.head(key)) ?? {};
    all[key] = { size, contentType, cacheControl, metadata: { ...metadata } };
  }
  return all;
}

it.each(mainServers)(
  "copyAll takes a folder into a bucket of $name and back, and goes on where it was",
  async (server) => {
    const { endpoint, accessKeyId, secretAccessKey, region } = server;
    const bucket = await freshBucket(server);
    const options = { bucket, endpoint, accessKeyId, secretAccessKey, region };
    const base = await folder();
    const from = fs({ base });
    // More than one page of a listing, with keys that sort otherwise by folders than by bytes.
    for (let index = 0; index < 1050; index++) {
      const path = join(base, `many/${index % 7}${["-", "/", "."][index % 3]}${index}_`);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, String(index));
    }
    const large = noise(20 * MIB);
    await from.upload("large.bin", large, { cacheControl: "no-store", metadata: { note: "Grüße" } });

    // Some stores tell times in seconds: what was written in the same one would count as newer, and be copied again.
    await delay(1100);
    const to = s3({ ...options, partSize: 5 * MIB });
    onTestFinished(async () => to.dispose?.());
    expect(await copyAll(from, to, { concurrency: 16 })).toMatchObject({ copied: 1051, same: 0, kept: 0 });
    expect(await copyAll(from, to)).toMatchObject({ copied: 0, same: 1051, kept: 0 });
    expect(await contents(to)).toEqual(await contents(from));

    const back = fs({ base: await folder() });
    await copyAll(to, back, { concurrency: 16 });
    expect(await contents(back)).toEqual(await contents(from));
    expect(Buffer.compare(await (await back.download("large.bin")).bytes(), large)).toBe(0);

    await from.upload("many/0-0_", "changed");
    await from.delete("large.bin");
    await delay(1100);
    expect(await copyAll(from, to)).toEqual({ copied: 1, bytes: 7, same: 1049, kept: 0, gone: 0 });
    expect(await to.exists("large.bin")).toBe(true);

    // A folder that was copied with its times is the same to a store that has it.
    const restored = await folder();
    await cp(base, restored, { recursive: true, preserveTimestamps: true });
    expect(await copyAll(fs({ base: restored }), to)).toMatchObject({ copied: 0, same: 1050 });
  },
);
