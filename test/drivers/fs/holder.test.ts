import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { nameHolder, stateOf } from "../../../drivers/fs/holder.ts";
import { bundle, HOLDER } from "./child.ts";

it("stateOf tells processes that run from those that are gone, and owns that it does not know the rest", async () => {
  const line = await nameHolder();
  expect(await nameHolder()).not.toBe(line);
  expect(line.length).toBeLessThan(60);
  const [nonce, machine, pid, start] = line.split(".") as [string, string, string, string];
  for (const other of ["", "x", `${nonce}.elsewhere.${pid}.${start}`, `${nonce}.${machine}.0x1.${start}`, `${line}.1`])
    expect([other, await stateOf(other)]).toEqual([other, "unknown"]);
  // Elsewhere nothing tells which process this is.
  if (process.platform !== "linux") return expect(await stateOf(line)).toBe("unknown");
  expect(await stateOf(line)).toBe("running");
  expect(await stateOf(`${nonce}.${machine}.${pid}.${Number(start) + 1}`)).toBe("gone");
  expect(await stateOf(`${nonce}.${machine}.4194305.${start}`)).toBe("gone");
});

it(
  "stateOf takes a killed process for gone, also while its parent has not asked for it",
  { timeout: 30_000 },
  async () => {
    const program = await bundle(`
    import { nameHolder } from ${JSON.stringify(HOLDER)};
    console.log(await nameHolder());
    setInterval(() => {}, 1000);
  `);
    // A shell that becomes sleep never asks for the child that it had.
    const parent = spawn("sh", ["-c", `${process.execPath} ${program} & exec sleep 60`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [data] = (await once(parent.stdout, "data")) as [Buffer];
    const line = data.toString().trim();
    const running = process.platform === "linux" ? "running" : "unknown";
    expect(await stateOf(line)).toBe(running);
    process.kill(Number(line.split(".")[2]), "SIGKILL");
    await expect.poll(() => stateOf(line)).toBe(running === "running" ? "gone" : "unknown");
    parent.kill();
    expect(await stateOf(line)).toBe(running === "running" ? "gone" : "unknown");
  },
);
