/** What is done on workerd, where the cases run too: see test/runtimes. */
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as host from "../../../drivers/fs/host.ts";
import { emptyFolder, UGLY_KEYS } from "./folder.ts";

it("inMemory is false where files lie on a disk", () => {
  expect(host.inMemory).toBe(false);
});

it("readAt fills a view, wherever that lies in its buffer", async () => {
  const path = join(await emptyFolder(), "k");
  await writeFile(path, "hello");
  const handle = await host.open(path, "r");
  const buffer = new Uint8Array(6);
  expect(await host.readAt(handle, buffer.subarray(3, 5), 1)).toBe(2);
  expect([...buffer]).toEqual([0, 0, 0, 101, 108, 0]);
  expect(await host.readAt(handle, buffer.subarray(1), 4)).toBe(1);
  await handle.close();
});

it("coarseTimes holds on Deno, where stamps are whole milliseconds too", async () => {
  expect(host.coarseTimes).toBe(false);
  vi.stubGlobal("Deno", {});
  vi.resetModules();
  try {
    const { coarseTimes, inMemory } = await import("../../../drivers/fs/host.ts");
    const { nextStamp } = await import("../../../drivers/fs/identity.ts");
    expect([coarseTimes, inMemory, nextStamp(false)]).toEqual([true, false, expect.any(Date) as Date]);
  } finally {
    vi.unstubAllGlobals();
    vi.resetModules();
  }
});

describe("on Windows", () => {
  const { platform } = process;
  beforeEach(() => {
    Object.defineProperty(process, "platform", { value: "win32" });
    vi.resetModules();
  });
  afterEach(() => {
    Object.defineProperty(process, "platform", { value: platform });
    vi.resetModules();
  });

  /** What a file has whose time is set: tenths of microseconds since 1601, added up as doubles. */
  const kept = (seconds: number): bigint =>
    (BigInt(Math.trunc(seconds * 10_000_000 + 116_444_736_000_000_000)) - 116_444_736_000_000_000n) * 100n;
  const version = (mtimeNs: bigint) => ({ mtimeNs, size: 1n, ino: 1n });

  it.each([false, true])(
    "stamps stay what they are, differ, tell of a record (%s), and are later than those before",
    async (recorded) => {
      const { mayHaveRecord, nextStamp, stampAfter } = await import("../../../drivers/fs/identity.ts");
      const seen = new Set<bigint>();
      for (let count = 0; count < 3000; count++) {
        const own = kept(nextStamp(recorded) as number);
        seen.add(own);
        expect([own % 8000n, mayHaveRecord(version(own))]).toEqual([0n, recorded]);
        const before = own + BigInt(count) * 100n;
        const later = kept(stampAfter(version(before), version(own), recorded) as number);
        expect([later > before, later % 8000n, mayHaveRecord(version(later))]).toEqual([true, 0n, recorded]);
      }
      expect(seen.size).toBe(3000);
    },
  );
});

describe("on workerd", () => {
  beforeEach(() => {
    vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
    vi.resetModules();
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it("open says that a file is absent, and makes none but when it is to", async () => {
    const { inMemory, open } = await import("../../../drivers/fs/host.ts");
    expect(inMemory).toBe(true);
    const path = join(await emptyFolder(), "k");
    for (const flags of ["r", "r+", 0]) await expect(open(path, flags)).rejects.toMatchObject({ code: "ENOENT" });
    await (await open(path, "wx")).close();
    await (await open(path, "r")).close();
  });

  it("rename replaces what has the name, and says ENOENT when the folder is missing", async () => {
    const { rename } = await import("../../../drivers/fs/host.ts");
    const base = await emptyFolder();
    for (const name of ["a", "b"]) await writeFile(join(base, name), name);
    await rename(join(base, "a"), join(base, "b"));
    expect(await readFile(join(base, "b"), "utf8")).toBe("a");
    await expect(rename(join(base, "b"), join(base, "c/d"))).rejects.toMatchObject({ code: "ENOENT" });
    await expect(stat(join(base, "b"))).resolves.toMatchObject({ size: 1 });
  });

  it("names are such as URLs leave them, and stand for each key still", async () => {
    const { candidatesOf, keyOfEncoded, keyOfPlain } = await import("../../../drivers/fs/path.ts");
    const seen = new Map<string, string>();
    for (const key of [...UGLY_KEYS, "%2e%2e/x", "a+b", "+2f", "a^b", "a|b", "Ab/c-d_e~f.g"]) {
      for (const { tree, path } of candidatesOf(key, false)) {
        // There some escapes are decoded, and others spelled anew.
        expect(path).not.toContain("%");
        expect(new URL(`file:///tmp/${path}`).pathname).toBe(`/tmp/${path}`);
        expect(seen.get(path) ?? key).toBe(key);
        seen.set(path, key);
        expect(tree === "keys" ? keyOfEncoded(path) : keyOfPlain(path, false)).toBe(key);
      }
    }
  });

  it.each([false, true])(
    "stamps are different whole milliseconds that tell of a record (%s), and no whole seconds, which copies have",
    async (recorded) => {
      const { mayHaveRecord, nextStamp } = await import("../../../drivers/fs/identity.ts");
      const stamps = Array.from({ length: 3000 }, () => (nextStamp(recorded) as Date).getTime());
      expect(new Set(stamps).size).toBe(3000);
      expect(stamps.filter((time) => time % 1000 === 0 || !Number.isInteger(time))).toEqual([]);
      const told = stamps.map((time) => mayHaveRecord({ mtimeNs: BigInt(time) * 1_000_000n, size: 1n, ino: 1n }));
      expect(new Set(told)).toEqual(new Set([recorded]));
    },
  );

  it.each([false, true])(
    "a version is later by two milliseconds at least than the one it replaces (with a record: %s)",
    async (recorded) => {
      const { mayHaveRecord, nextStamp, stampAfter } = await import("../../../drivers/fs/identity.ts");
      const version = (ms: number) => ({ mtimeNs: BigInt(ms) * 1_000_000n, size: 1n, ino: 1n });
      const own = (nextStamp(recorded) as Date).getTime();
      for (const ahead of [-1, 0, 1, 998, 59_000]) {
        const time = (stampAfter(version(own + ahead), version(own), recorded) as Date).getTime();
        expect([time - own - ahead >= 2, time - own - ahead <= 5]).toEqual([true, true]);
        expect(mayHaveRecord(version(time))).toBe(recorded);
      }
      for (const ahead of [-2, -1000, 60_001])
        expect(stampAfter(version(own + ahead), version(own), recorded)).toBe(null);
    },
  );
});
