import { describe, expect, it, onTestFinished, vi } from "vitest";
import { afresh, patiently } from "../../../drivers/fs/again.ts";
import { fromErrno } from "../../../drivers/fs/errno.ts";
import { onPlatform } from "./folder.ts";

const system = (code: string): Error => Object.assign(new Error(code), { code });

describe("afresh", () => {
  const stale = system("Unknown system error -116");

  it("looks again while a file is lost to another machine, also where that was made an error of the store", async () => {
    const failures = [stale, fromErrno(stale), system("ESTALE")];
    expect(await afresh(async () => (failures.length > 0 ? Promise.reject(failures.pop()) : "found"))).toBe("found");
    expect(failures).toEqual([]);
  });

  it("gives up at some time, and at once on any other error", async () => {
    const look = vi.fn(() => Promise.reject(stale));
    await expect(afresh(look)).rejects.toBe(stale);
    expect(look).toHaveBeenCalledTimes(20);
    const other = vi.fn(() => Promise.reject(system("EIO")));
    await expect(afresh(other)).rejects.toMatchObject({ code: "EIO" });
    expect(other).toHaveBeenCalledTimes(1);
  });
});

describe("patiently", () => {
  it.each(["EPERM", "EACCES", "EBUSY"])(
    "L24: repeats a call that Windows refuses by %s since a file is held, for a bounded time",
    async (code) => {
      let calls = 0;
      const held = (times: number): Promise<string> =>
        patiently(async () => (calls++ < times ? Promise.reject(system(code)) : "renamed"));
      onPlatform("linux");
      await expect(held(1)).rejects.toThrow(code);
      expect(calls).toBe(1);
      onPlatform("win32");
      calls = 0;
      expect(await held(2)).toBe("renamed");
      vi.useFakeTimers();
      onTestFinished(() => void vi.useRealTimers());
      calls = 0;
      const given = expect(held(999)).rejects.toThrow(code);
      await vi.advanceTimersByTimeAsync(2100);
      await given;
      // Often, since who reads a file again and again has it open most of the time.
      expect([calls > 60, calls < 220]).toEqual([true, true]);
    },
  );

  it("L23: repeats for as long as other calls get on, and no longer than half a minute", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let [calls, over] = [0, ""];
    const starved = patiently(() => (calls++, Promise.reject(system("EMFILE")))).catch(
      (error: Error) => (over = error.message),
    );
    for (let second = 0; second < 25; second++) {
      for (let part = 0; part < 20; part++) {
        await patiently(async () => {});
        await vi.advanceTimersByTimeAsync(50);
      }
      expect([second, over]).toEqual([second, ""]);
    }
    expect(calls).toBeGreaterThan(100);
    for (let part = 0; part < 400; part++) {
      await patiently(async () => {});
      await vi.advanceTimersByTimeAsync(50);
    }
    await starved;
    expect(over).toBe("EMFILE");
  });

  it("L23: gives up soon after the last other call that got on", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const starved = patiently(() => Promise.reject(system("EMFILE"))).catch((error: Error) => error.message);
    await patiently(async () => {});
    await vi.advanceTimersByTimeAsync(3000);
    expect(await Promise.race([starved, "still waits"])).toBe("EMFILE");
  });

  it("repeats while descriptors are wanting, for a bounded time, and nothing else", async () => {
    let calls = 0;
    expect(await patiently(async () => (++calls < 3 ? Promise.reject(system("EMFILE")) : "open"))).toBe("open");
    calls = 0;
    await expect(patiently(async () => (calls++, Promise.reject(system("ENFILE"))))).rejects.toThrow("ENFILE");
    expect(calls).toBe(7);
    calls = 0;
    await expect(patiently(async () => (calls++, Promise.reject(system("EIO"))))).rejects.toThrow("EIO");
    expect(calls).toBe(1);
  });
});
