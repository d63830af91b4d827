import { expect, it, vi } from "vitest";
import { type CallEvent, notify } from "../../src/event.ts";

const event: CallEvent = { type: "call", driver: "test", operation: "head", duration: 1, aborted: false };

it("notify passes the event on, and ignores what the observer throws", () => {
  const seen: unknown[] = [];
  notify((given) => seen.push(given), event);
  expect(seen).toEqual([event]);
  const failing = (_event: unknown): never => {
    throw new Error("observer");
  };
  expect(() => notify(failing, event)).not.toThrow();
});

it("notify ignores what an observer rejects with later, which would end the process", async () => {
  const unheard = vi.fn();
  process.once("unhandledRejection", unheard);
  notify((_event: unknown) => Promise.reject(new Error("observer")), event);
  await new Promise((resolve) => setTimeout(resolve, 0));
  process.removeListener("unhandledRejection", unheard);
  expect(unheard).not.toHaveBeenCalled();
});
