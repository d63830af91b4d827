import { expect, it } from "vitest";
import { type CallEvent, notify } from "../../src/event.ts";

const event: CallEvent = { type: "call", driver: "test", operation: "head", duration: 1, aborted: false };

it("notify passes the event on, and ignores what the observer throws", () => {
  const seen: unknown[] = [];
  notify((given) => seen.push(given), event);
  expect(seen).toEqual([event]);
  const failing = (): never => {
    throw new Error("observer");
  };
  expect(() => notify(failing, event)).not.toThrow();
});
