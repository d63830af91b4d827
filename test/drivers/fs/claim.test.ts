import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import type * as FsPromises from "node:fs/promises";
import { link, lstat, lutimes, readdir, readlink, symlink, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { claim, endIfLeft, hold } from "../../../drivers/fs/claim.ts";
import { nameHolder } from "../../../drivers/fs/holder.ts";
import type { Clock } from "../../../src/clock.ts";
import { testClock } from "../../support/clock.ts";
import { openBelow } from "../../support/descriptors.ts";
import { emptyFolder, failure } from "./folder.ts";

/** How many looks at a claim have happened, what holds the answer of one of them back, whether there are links, whether nothing can be removed, whether a mount remembers that nothing was there, whether it asks again for what it has made, and whether the disk is full. */
const system = vi.hoisted(() => ({
  looks: 0,
  late: 0,
  until: Promise.resolve() as Promise<unknown>,
  links: true,
  stuck: false,
  unseen: false,
  repeats: "",
  full: false,
}));

vi.mock("../../../drivers/fs/calls.ts", () => import("./by-promises.ts"));
vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof FsPromises>();
  // What a look ends with.
  const looked = async (path: string): Promise<string> => {
    if (system.unseen) throw Object.assign(new Error("injected"), { code: "ENOENT" });
    const late = path.endsWith(".claim") && ++system.looks === system.late;
    const line = await fs.readlink(path);
    if (late) await system.until;
    return line;
  };
  const made = async (make: () => Promise<void>, path: unknown): Promise<void> => {
    if (!system.links) throw Object.assign(new Error("injected"), { code: "EPERM" });
    await make();
    // The first answer is lost, and the second says what there is by then.
    if (system.repeats !== "" && String(path).includes(system.repeats)) await make();
  };
  const linked: typeof fs.symlink = (...args) => made(() => fs.symlink(...args), args[1]);
  const hard: typeof fs.link = (...args) => made(() => fs.link(...args), args[1]);
  const removed: typeof fs.unlink = (path) =>
    system.stuck ? Promise.reject(Object.assign(new Error("injected"), { code: "EACCES" })) : fs.unlink(path);
  const opened: typeof fs.open = async (...args) => {
    const handle = await fs.open(...args);
    const refused = (): Promise<never> => Promise.reject(Object.assign(new Error("injected"), { code: "ENOSPC" }));
    return system.full ? Object.assign(handle, { writeFile: refused }) : handle;
  };
  return { ...fs, open: opened, readlink: looked, symlink: linked, link: hard, unlink: removed };
});
afterEach(() => void Object.assign(system, { links: true, repeats: "", full: false }));

/** A process that has ended: no number is that large. */
const gone = async (): Promise<string> => (await nameHolder()).replace(/\.\d+\.\d+$/, ".4194305.1");
/** A process in another container or on another machine. */
const elsewhere = "nonce.otherbox.1.1";

async function place(): Promise<{ tmp: string; path: string }> {
  const tmp = await emptyFolder();
  return { tmp, path: join(tmp, "k.claim") };
}

describe("claim", () => {
  it.each([true, false])(
    "runs one at a time, takes over what a crash left, and leaves nothing (links: %s)",
    async (links) => {
      system.links = links;
      const { tmp, path } = await place();
      await (links ? symlink(await gone(), path) : writeFile(path, await gone()));
      let inside = 0;
      let most = 0;
      const work = async (): Promise<void> => {
        const end = await claim(path);
        most = Math.max(most, ++inside);
        await new Promise(setImmediate);
        inside--;
        await end();
      };
      await Promise.all(Array.from({ length: 10 }, work));
      expect([most, await readdir(tmp)]).toEqual([1, []]);
    },
  );

  it("lets nobody take a claim whose holder has just taken it over, having looked before that", async () => {
    const { tmp, path } = await place();
    await symlink(await gone(), path);
    const order: string[] = [];
    let entered = (): void => {};
    let leave = (): void => {};
    system.until = new Promise<void>((resolve) => (entered = resolve));
    const left = new Promise<void>((resolve) => (leave = resolve));
    const run = async (name: string, inside: () => Promise<void>): Promise<void> => {
      const end = await claim(path);
      order.push(`${name} in`);
      await inside();
      order.push(`${name} out`);
      await end();
    };
    // The first look is that of the slow one: it sees the old claim, and acts on it when the other is inside.
    system.late = system.looks + 1;
    const slow = run("slow", async () => {});
    await expect.poll(() => system.looks).toBe(system.late);
    const quick = run("quick", async () => {
      entered();
      await left;
    });
    await system.until;
    const seen = system.looks;
    // The slow one has looked again, several times, at a claim that is held.
    await expect.poll(() => system.looks > seen + 4 || order.includes("slow in")).toBe(true);
    leave();
    await Promise.all([slow, quick]);
    expect([order, await readdir(tmp)]).toEqual([["quick in", "quick out", "slow in", "slow out"], []]);
  });

  it("is its maker's when NFS has lost the answer and asks again, so that nobody waits for it", async () => {
    const { tmp, path } = await place();
    const holding = await hold(join(tmp, "all.claim"));
    system.repeats = ".claim";
    for (const by of [undefined, holding]) {
      const clock = testClock();
      const end = await claim(path, { clock, holding: by });
      expect((await failure(claim(path, { clock: testClock() }))).code).toBe("unavailable");
      await end();
      expect([clock.slept, await readdir(tmp)]).toEqual([[], ["all.claim"]]);
    }
    await holding.end();
  });

  it("leaves neither a file, which would be waited for, nor a descriptor where the disk is full", async () => {
    const { tmp, path } = await place();
    Object.assign(system, { links: false, full: true });
    await expect(claim(path)).rejects.toMatchObject({ code: "ENOSPC" });
    await expect(hold(path)).rejects.toMatchObject({ code: "ENOSPC" });
    expect([await readdir(tmp), openBelow(tmp)]).toEqual([[], []]);
  });

  it("that was left is freed also where NFS asks again for the right to", async () => {
    const { tmp, path } = await place();
    await symlink(await gone(), path);
    system.repeats = ".claim.";
    expect([await endIfLeft(path), await readdir(tmp)]).toEqual([true, []]);
  });

  it("leaves a claim that was left while another process has the right to free it", async () => {
    const { tmp, path } = await place();
    const line = await gone();
    await symlink(line, path);
    const { mtimeNs } = await lstat(path, { bigint: true });
    const right = `${path}.${createHash("sha256").update(`${line} ${mtimeNs}`).digest("hex").slice(0, 8)}`;
    await symlink(await nameHolder(), right);
    expect(await endIfLeft(path)).toBe(false);
    expect(await readdir(tmp)).toHaveLength(2);
    await unlink(right);
    expect(await endIfLeft(path)).toBe(true);
    expect(await readdir(tmp)).toEqual([]);
  });

  it("takes over also where a crash happened while another crash was tidied up", async () => {
    const { tmp, path } = await place();
    await symlink(await gone(), path);
    // The right to free it is named after it, so it is found out by losing it.
    const free = endIfLeft(path);
    await expect.poll(async () => (await readdir(tmp)).length).toBeLessThan(1);
    expect(await free).toBe(true);
    for (const line of [await gone(), elsewhere]) {
      await symlink(line, path);
      const { mtimeNs } = await lstat(path, { bigint: true });
      const right = `${path}.${createHash("sha256").update(`${line} ${mtimeNs}`).digest("hex").slice(0, 8)}`;
      await symlink(await gone(), right);
      await (
        await claim(path, { clock: testClock() })
      )();
      expect(await readdir(tmp)).toEqual([]);
    }
  });

  it("waits half a minute for a holder elsewhere that does not move, also one whose clock is hours behind, and not at all for an old one", async () => {
    const { tmp, path } = await place();
    for (const hours of [0, 1, 23]) {
      await symlink(elsewhere, path);
      const clock = testClock();
      const then = new Date(clock.now() - hours * 3_600_000);
      await lutimes(path, then, then);
      await (
        await claim(path, { clock })
      )();
      const waited = clock.slept.reduce((sum, each) => sum + each, 0);
      expect(waited).toBeGreaterThan(30_000);
      expect(waited).toBeLessThan(31_000);
    }
    for (const links of [true, false]) {
      await (links ? symlink(elsewhere, path) : writeFile(path, ""));
      await (links ? lutimes : utimes)(path, 1, 1);
      const quick = testClock();
      await (
        await claim(path, { clock: quick })
      )();
      expect(quick.slept).toEqual([]);
    }
    expect(await readdir(tmp)).toEqual([]);
  });

  it("takes over what has rested for half a minute, while one after the other waited for it who had less time", async () => {
    const { tmp, path } = await place();
    await symlink(elsewhere, path);
    const clock = testClock();
    for (let turn = 0; turn < 3; turn++) {
      const limit = new AbortController();
      const waits: Clock = {
        ...clock,
        sleep: async (milliseconds, signal) => {
          await clock.sleep(milliseconds, signal);
          if (clock.slept.reduce((sum, each) => sum + each, 0) > 10_000 * (turn + 1)) limit.abort(new Error("late"));
        },
      };
      expect((await failure(claim(path, { clock: waits, signal: limit.signal }))).message).toBe("late");
    }
    const before = clock.slept.length;
    await (
      await claim(path, { clock })
    )();
    expect(clock.slept.length - before).toBeLessThan(5);
    expect(await readdir(tmp)).toEqual([]);
  });

  it("waits anew for one that has shown itself since another gave up", async () => {
    const { path } = await place();
    await symlink(elsewhere, path);
    const clock = testClock();
    const limit = new AbortController();
    const waits: Clock = {
      ...clock,
      sleep: async (milliseconds, signal) => {
        await clock.sleep(milliseconds, signal);
        if (clock.slept.reduce((sum, each) => sum + each, 0) > 29_000) limit.abort(new Error("late"));
      },
    };
    expect((await failure(claim(path, { clock: waits, signal: limit.signal }))).message).toBe("late");
    await lutimes(path, new Date(), new Date());
    const fresh = testClock();
    await (
      await claim(path, { clock: fresh })
    )();
    expect(fresh.slept.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(30_000);
  });

  it("frees what was left with its right by another machine, of which one has died after the other", async () => {
    const { tmp, path } = await place();
    await symlink(elsewhere, path);
    const { mtimeNs } = await lstat(path, { bigint: true });
    const right = `${path}.${createHash("sha256").update(`${elsewhere} ${mtimeNs}`).digest("hex").slice(0, 8)}`;
    await symlink(elsewhere, right);
    const then = new Date(Date.now() - 11 * 60_000);
    await lutimes(right, then, then);
    await (
      await claim(path, { clock: testClock() })
    )();
    expect(await readdir(tmp)).toEqual([]);
  });

  it("keeps no thread waiting for what a pipe says, and takes its place after half a minute", async () => {
    const { tmp, path } = await place();
    execFileSync("mkfifo", [path]);
    const clock = testClock();
    const end = await claim(path, { clock });
    await end();
    expect(clock.slept.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(30_000);
    expect(await readdir(tmp)).toEqual([]);
  });

  it("gives up after a minute on one that is taken and cannot be seen, as behind a mount that remembers what was absent", async () => {
    const { path } = await place();
    await symlink(elsewhere, path);
    system.unseen = true;
    onTestFinished(() => void (system.unseen = false));
    const clock = testClock();
    expect((await failure(claim(path, { clock }))).code).toBe("unavailable");
    expect(clock.slept.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(60_000);
  });

  it("waits on while a holder elsewhere shows itself, and gives up after a minute", async () => {
    const { path } = await place();
    await symlink(elsewhere, path);
    const clock = testClock();
    let beats = 0;
    const sleep = async (milliseconds: number, signal?: AbortSignal): Promise<void> => {
      if (clock.slept.length % 100 === 0) await lutimes(path, ++beats, Date.now() / 1000);
      await clock.sleep(milliseconds, signal);
    };
    expect(await failure(claim(path, { clock: { ...clock, sleep } }))).toMatchObject({
      code: "unavailable",
      retryable: true,
    });
    expect(beats).toBeGreaterThan(3);
  });

  it("shows that its holder is there, until it ends", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const { path } = await place();
    const end = await claim(path);
    await lutimes(path, 1, 1);
    vi.advanceTimersByTime(5000);
    await expect.poll(async () => (await lstat(path)).mtimeMs).toBeGreaterThan(1000);
    await end();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("takes over what this process has held and could not remove", async () => {
    const { tmp, path } = await place();
    const end = await claim(path);
    system.stuck = true;
    await end().finally(() => (system.stuck = false));
    expect(await readdir(tmp)).toHaveLength(1);
    await (
      await claim(path, { clock: testClock() })
    )();
    expect(await readdir(tmp)).toEqual([]);
  });

  it("is held like any other where an earlier one of the same line could not be removed", async () => {
    const { tmp, path } = await place();
    const holding = await hold(join(tmp, "all.claim"));
    const end = await claim(path, { holding });
    system.stuck = true;
    await end().finally(() => (system.stuck = false));
    const again = await claim(path, { holding });
    expect((await failure(claim(path, { clock: testClock() }))).code).toBe("unavailable");
    await again();
    await holding.end();
    expect(await readdir(tmp)).toEqual([]);
  });

  it.each(["clock", "machine"])(
    "leaves a claim that others have taken over while the %s stood still",
    async (still) => {
      const { path } = await place();
      const clock = testClock();
      let slept = 0;
      const end = await claim(path, {
        clock: { ...clock, now: () => clock.now() + (still === "machine" ? slept : 0) },
      });
      await unlink(path);
      await symlink(elsewhere, path);
      slept = 31_000;
      const now = performance.now();
      const timer = vi.spyOn(performance, "now").mockReturnValue(now + (still === "clock" ? slept : 0));
      await end();
      timer.mockRestore();
      expect(await readlink(path)).toBe(elsewhere);
    },
  );

  it("never takes from a process here that runs, and hears an abort while it waits", async () => {
    const { tmp, path } = await place();
    const end = await claim(path);
    await lutimes(path, 1, 1);
    expect((await failure(claim(path, { clock: testClock() }))).code).toBe("unavailable");
    const reason = new Error("stop");
    const controller = new AbortController();
    const waiting = failure(claim(path, { signal: controller.signal }));
    controller.abort(reason);
    expect(await waiting).toBe(reason);
    await end();
    expect(await readdir(tmp)).toEqual([]);
  });
});

describe("hold", () => {
  it.each([true, false])("makes claims that exclude like any other, and leaves nothing (links: %s)", async (links) => {
    system.links = links;
    const { tmp, path } = await place();
    const holding = await hold(join(tmp, "all.claim"));
    const ends = [await claim(path, { holding }), await claim(`${path}2`, { holding })];
    expect((await lstat(path)).nlink).toBe(links ? 3 : 1);
    for (const by of [undefined, await hold(join(tmp, "other.claim"))]) {
      expect((await failure(claim(path, { clock: testClock(), holding: by }))).code).toBe("unavailable");
      await by?.end();
    }
    await ends[0]?.();
    await (
      await claim(path)
    )();
    await ends[1]?.();
    await holding.end();
    expect(await readdir(tmp)).toEqual([]);
  });

  it("leaves claims that are free at once when its process is gone", async () => {
    const { tmp, path } = await place();
    const file = join(tmp, "all.claim");
    await writeFile(file, await gone());
    await link(file, path);
    const clock = testClock();
    await (
      await claim(path, { clock })
    )();
    expect([clock.slept, await endIfLeft(file), await readdir(tmp)]).toEqual([[], true, []]);
  });

  it("shows that it is there, for all of its claims, until it ends", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const { tmp, path } = await place();
    const holding = await hold(join(tmp, "all.claim"));
    await utimes(holding.file, 1, 1);
    await link(holding.file, path);
    const touched = async (): Promise<boolean> => (await lstat(path)).mtimeMs > 1000;
    vi.advanceTimersByTime(4000);
    expect(await touched()).toBe(false);
    vi.advanceTimersByTime(1000);
    await expect.poll(touched).toBe(true);
    await holding.end();
    expect(vi.getTimerCount()).toBe(0);
  });
});
