import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Forgotten } from "../../src/forgotten.ts";
import { collectGarbage, lasting } from "../support/garbage.ts";

/** What is watched, of which some is still held. */
function watched() {
  const gone: string[] = [];
  const forgotten = new Forgotten<{ readonly name: string }>(({ name }) => void gone.push(name));
  const watch = (name: string) => {
    const [reader, held] = [{ reads: name }, { name }];
    forgotten.watch(reader, held);
    return { reader, end: () => forgotten.unwatch(held) };
  };
  return { gone, watch };
}

describe("Forgotten", () => {
  it("lets go of what nobody reaches any more, unless it has ended, and of nothing else", async () => {
    const { gone, watch } = watched();
    let { reader }: { reader: object | undefined } = watch("held");
    watch("forgotten");
    watch("ended at once").end();
    const ended = watch("ended");
    await lasting();
    ended.end();
    await expect.poll(() => collectGarbage().then(() => gone)).toEqual(["forgotten"]);
    expect(reader).toEqual({ reads: "held" });
    reader = undefined;
    await expect.poll(() => collectGarbage().then(() => gone)).toEqual(["forgotten", "held"]);
    // And once more, for what comes when nothing was watched.
    watch("later");
    await lasting();
    await expect.poll(() => collectGarbage().then(() => gone)).toEqual(["forgotten", "held", "later"]);
  });

  it("tells the garbage collector once a second, of what is under way then, and leaves no timer when nothing is", () => {
    vi.useFakeTimers();
    const register = vi.spyOn(FinalizationRegistry.prototype, "register");
    onTestFinished(() => {
      vi.useRealTimers();
      vi.restoreAllMocks();
    });
    const { watch } = watched();
    for (let count = 0; count < 100; count++) watch("short").end();
    expect(vi.getTimerCount()).toBe(0);
    watch("long");
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(999);
    watch("latest").end();
    expect(register).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(register.mock.calls.map(([, held]) => held)).toEqual([{ name: "long" }]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
