import type * as FsPromises from "node:fs/promises";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { claim } from "../../../drivers/fs/claim.ts";
import { rootAt } from "../../../drivers/fs/root.ts";
import { emptyFolder } from "./folder.ts";

/** How many looks at a file have happened, and what holds the answer of one of them back. */
const looks = vi.hoisted(() => ({ count: 0, late: 0, until: Promise.resolve() as Promise<unknown> }));

vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof FsPromises>();
  return {
    ...fs,
    lstat: async (path: string) => {
      const late = ++looks.count === looks.late;
      const stats = await fs.lstat(path);
      if (late) await looks.until;
      return stats;
    },
  };
});

const NAME = `${createHash("sha256").update("k").digest("hex").slice(0, 32)}.claim`;

/** A folder in which a crash has left a claim on `k`. */
async function crashed(): Promise<{ base: string; tmp: string; left: string }> {
  const base = await emptyFolder();
  const tmp = join(base, ".unbucket/tmp");
  await mkdir(tmp, { recursive: true });
  const left = join(tmp, NAME);
  await writeOld(left);
  return { base, tmp, left };
}

async function writeOld(path: string): Promise<void> {
  await writeFile(path, "");
  await utimes(path, 1, 1);
}

describe("claim", () => {
  it("runs one at a time per key, takes over what a crash left, and leaves nothing", async () => {
    const { base, tmp } = await crashed();
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise(setImmediate);
      inside--;
    };
    await Promise.all(Array.from({ length: 10 }, () => claim(rootAt(base), "k", work)));
    expect([most, await readdir(tmp)]).toEqual([1, []]);
  });

  it("lets nobody take a claim whose holder has just taken it over, having looked before that", async () => {
    const { base, tmp } = await crashed();
    const order: string[] = [];
    let entered = (): void => {};
    let leave = (): void => {};
    looks.until = new Promise<void>((resolve) => (entered = resolve));
    const left = new Promise<void>((resolve) => (leave = resolve));
    // The first look is that of the slow one: it sees the old claim, and acts on it when the other is inside.
    looks.late = looks.count + 1;
    const slow = claim(rootAt(base), "k", async () => void order.push("slow"));
    await expect.poll(() => looks.count).toBe(looks.late);
    const quick = claim(rootAt(base), "k", async () => {
      order.push("quick in");
      entered();
      await left;
      order.push("quick out");
    });
    await looks.until;
    const seen = looks.count;
    // The slow one has looked again, several times, at a claim that is held.
    await expect.poll(() => looks.count > seen + 4 || order.includes("slow")).toBe(true);
    leave();
    await Promise.all([slow, quick]);
    expect([order, await readdir(tmp)]).toEqual([["quick in", "quick out", "slow"], []]);
  });

  it("takes over also where a crash happened while another crash was tidied up", async () => {
    const { base, tmp, left } = await crashed();
    await writeOld(`${left}.1000`);
    await claim(rootAt(base), "k", async () => {});
    expect(await readdir(tmp)).toEqual([]);
  });
});
