import { describe, expect, it } from "vitest";
import { callsOf } from "../../../drivers/r2/calls.ts";

const LOST = "put: We encountered an internal error. Please try again. (10001)";
const REFUSED = "put: At least one of the pre-conditions you specified did not hold. (10031)";
const SLOW_DOWN = "put: Slow down. (10058)";
const BAD_NAME = "put: The specified object name is not valid. (10020)";

/** A call that fails with each of the messages in turn, then returns `made`. */
function failing(...messages: readonly string[]): {
  readonly run: () => Promise<string>;
  readonly count: () => number;
} {
  let count = 0;
  return {
    count: () => count,
    async run() {
      const message = messages[count++];
      if (message !== undefined) throw new Error(message);
      return "made";
    },
  };
}

describe("ask", () => {
  it("repeats what R2 could not do, and gives what it has returned", async () => {
    const { run, count } = failing(LOST);
    expect(await callsOf().ask({}, run)).toBe("made");
    expect(count()).toBe(2);
  });

  it("does not repeat a refusal, nor more often than it may", async () => {
    const refused = failing(REFUSED);
    await expect(callsOf().ask({}, refused.run)).rejects.toMatchObject({ code: "precondition-failed" });
    const once = failing(LOST);
    await expect(callsOf().ask({}, once.run, 1)).rejects.toMatchObject({ code: "unavailable" });
    expect([refused.count(), once.count()]).toEqual([1, 1]);
  });

  it("ends the waiting with the signal's reason, while the binding goes on", async () => {
    const control = new AbortController();
    const asked = callsOf().ask({ signal: control.signal }, () => new Promise(() => {}));
    control.abort(new Error("left"));
    await expect(asked).rejects.toBe(control.signal.reason);
  });
});

describe("repeat", () => {
  it("tells what was lost, where a refusal of the repetition says nothing of the first attempt", async () => {
    const outcome = await callsOf().repeat({}, failing(LOST, REFUSED).run);
    expect(outcome).toMatchObject({ made: undefined, lost: { code: "unavailable", message: LOST } });
  });

  it("tells what was lost beside what the repetition has made", async () => {
    expect(await callsOf().repeat({}, failing(LOST).run)).toMatchObject({ made: "made", lost: { message: LOST } });
    expect(await callsOf().repeat({}, failing().run)).toEqual({ made: "made", lost: undefined });
  });

  it.each([
    ["nothing was lost", [REFUSED], "precondition-failed"],
    ["R2 had not begun", [SLOW_DOWN, REFUSED], "precondition-failed"],
    ["no attempt can have taken effect", [LOST, BAD_NAME], "invalid-key"],
  ])("rejects where %s", async (_, messages, code) => {
    await expect(callsOf().repeat({}, failing(...messages).run)).rejects.toMatchObject({ code });
  });

  it("rejects on an abort, whatever was lost", async () => {
    const control = new AbortController();
    const run = async (): Promise<never> => {
      setTimeout(() => control.abort(new Error("left")), 0);
      throw new Error(LOST);
    };
    await expect(callsOf().repeat({ signal: control.signal }, run)).rejects.toThrow("left");
  });
});
