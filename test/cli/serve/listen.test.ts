import { EventEmitter } from "node:events";
import { expect, it, onTestFinished, vi } from "vitest";
import { endAnswered, MAX_IDLE } from "../../../cli/serve/idle.ts";
import { follow } from "../../../cli/serve/listen.ts";

it.each([
  [false, 1],
  [true, 0],
])(
  "endAnswered ends a connection that sends on for five minutes after its answer (all had come: %s)",
  async (complete, ends) => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const [server, response] = [new EventEmitter(), new EventEmitter()];
    const destroy = vi.fn();
    const request = Object.assign(new EventEmitter(), { complete, destroy });
    endAnswered(server, MAX_IDLE);
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

it("endAnswered leaves a connection whose body comes to its end", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const [server, response] = [new EventEmitter(), new EventEmitter()];
  const destroy = vi.fn();
  const request = Object.assign(new EventEmitter(), { complete: false, destroy });
  endAnswered(server, MAX_IDLE);
  server.emit("request", request, response);
  response.emit("finish");
  request.emit("close");
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(destroy).toHaveBeenCalledTimes(0);
});
