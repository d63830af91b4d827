import { createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { freePorts, onFreePorts } from "./port.ts";
import { startProcess, type ServerProcess } from "./process.ts";

it("freePorts gives different ports, none of those that connections are made from", async () => {
  const ports = await freePorts(200);
  expect(new Set(ports).size).toBe(200);
  expect(ports.filter((port) => port < 1024 || port > 32_767)).toEqual([]);
});

it("onFreePorts starts again on another port when one was taken meanwhile", async () => {
  const asked: number[] = [];
  const started = await onFreePorts(1, async ([port = 0]): Promise<ServerProcess> => {
    if (asked.push(port) === 1) {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
      onTestFinished(() => void other.close());
    }
    // Ready is who says so himself, since the other would be connected to as well.
    const code = `require("http").createServer((_, answer) => answer.end("mine")).listen(${port}, "127.0.0.1")`;
    const ready = async (): Promise<boolean> =>
      asked.length > 1 && (await (await fetch(`http://127.0.0.1:${port}`)).text()) === "mine";
    return startProcess({ name: "late", command: process.execPath, args: () => ["-e", code], ready });
  });
  onTestFinished(() => started.stop());
  expect(new Set(asked).size).toBe(2);
});

it("onFreePorts passes on what fails otherwise, and what fails again and again", async () => {
  const failing = async (message: string): Promise<number> => {
    let starts = 0;
    const start = (): Promise<never> => (starts++, Promise.reject(new Error(message)));
    await expect(onFreePorts(1, start)).rejects.toThrow(message);
    return starts;
  };
  expect(await failing("drive is full")).toBe(1);
  expect(await failing("bind: address already in use")).toBe(3);
});
