import { EventEmitter } from "node:events";
import { expect, it, onTestFinished, vi } from "vitest";
import { follow } from "../../../cli/serve/listen.ts";

it.each([
  [false, 1],
  [true, 0],
])(
  "follow ends a connection that sends on for five minutes after its answer (all had come: %s)",
  async (complete, ends) => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const [server, response] = [new EventEmitter(), new EventEmitter()];
    const destroy = vi.fn();
    const request = Object.assign(new EventEmitter(), { complete, destroy });
    const requests = follow(server);
    server.emit("request", request, response);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(destroy).toHaveBeenCalledTimes(0);
    response.emit("finish");
    await vi.advanceTimersByTimeAsync(299_000);
    expect(destroy).toHaveBeenCalledTimes(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(destroy).toHaveBeenCalledTimes(ends);
    expect(requests.running()).toBe(1);
    response.emit("close");
    expect(requests.running()).toBe(0);
  },
);

it("follow leaves a connection whose body comes to its end", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const [server, response] = [new EventEmitter(), new EventEmitter()];
  const destroy = vi.fn();
  const request = Object.assign(new EventEmitter(), { complete: false, destroy });
  follow(server);
  server.emit("request", request, response);
  response.emit("finish");
  request.emit("close");
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(destroy).toHaveBeenCalledTimes(0);
});
