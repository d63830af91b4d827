import { afterEach, describe, expect, it, vi } from "vitest";
import { atOnce } from "../../../drivers/s3/at-once.ts";

afterEach(() => void vi.restoreAllMocks());

/** Time that goes on by so many milliseconds with every look. */
function passing(milliseconds: number): void {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => (now += milliseconds));
}

describe("atOnce", () => {
  const pieces = (count: number) => {
    const cancel = vi.fn<(reason: unknown) => void>();
    let left = count;
    return { next: async () => (left-- > 0 ? Uint8Array.of(left) : null), cancel };
  };

  it("gives all bytes that come in time, and lets nothing go", async () => {
    const source = pieces(3);
    passing(10);
    expect([...(await atOnce(source, 3, 50))]).toEqual([2, 1, 0]);
    expect(source.cancel).not.toHaveBeenCalled();
  });

  it.each([
    ["corrupt", 2, 0],
    ["timeout", 3, 20],
  ])("rejects %s beyond its bounds, and lets the rest go", async (code, most, milliseconds) => {
    const source = pieces(3);
    passing(10);
    await expect(atOnce(source, most, milliseconds)).rejects.toMatchObject({ code });
    expect(source.cancel).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code }));
  });

  it("takes what came while the process was stopped", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const source = pieces(3);
    const next = vi.fn(async () => ((now += now === 0 ? 70_000 : 5), source.next()));
    expect([...(await atOnce({ ...source, next }, 3, 20))]).toEqual([2, 1, 0]);
    expect(source.cancel).not.toHaveBeenCalled();
  });

  it.each([
    ["in time", [4999], 1],
    ["at the end", [5000], null],
    ["slowly, no slower than a busy process", [6000], null],
    ["after a stop", [6001, 4999], 2],
    ["slowly after others", [4999, 1002], null],
    ["too late after a stop", [6001, 5000], null],
  ])("gives the time of all together to pieces that come %s", async (_how, times, given) => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const source = pieces(times.length);
    const next = vi.fn(async () => ((now += times.shift() ?? 0), source.next()));
    const answer = atOnce({ ...source, next }, 9, 5000);
    if (given === null) await expect(answer).rejects.toMatchObject({ code: "timeout" });
    else expect(await answer).toHaveLength(given);
    for (const call of next.mock.calls) expect(call).toEqual([true]);
  });

  it("has no limit where that is 0", async () => {
    passing(1e9);
    expect(await atOnce(pieces(5), 5, 0)).toHaveLength(5);
  });
});
