import type * as FsPromises from "node:fs/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { nameHolder, stateOf } from "../../../drivers/fs/holder.ts";
import { bundle, HOLDER } from "./child.ts";

it("stateOf tells processes that run from those that are gone, and owns that it does not know the rest", async () => {
  const line = await nameHolder();
  expect(await nameHolder()).not.toBe(line);
  expect(line.length).toBeLessThan(60);
  const [nonce, machine, pid, start] = line.split(".") as [string, string, string, string];
  for (const other of ["", "x", `${nonce}.elsewhere.${pid}.${start}`, `${nonce}.${machine}.0x1.${start}`, `${line}.1`])
    expect([other, await stateOf(other)]).toEqual([other, "unknown"]);
  expect(await stateOf(`${nonce}.${machine}.4194305.${start}`)).toBe("gone");
  // Elsewhere nothing tells which process of a number this is.
  if (process.platform !== "linux") return expect(await stateOf(line)).toBe("unknown");
  expect(await stateOf(line)).toBe("running");
  expect(await stateOf(`${nonce}.${machine}.${pid}.${Number(start) + 1}`)).toBe("gone");
});

it.skipIf(process.platform !== "linux").each(["/proc/self/ns/pid", "boot_id"])(
  "stateOf does not judge those of another machine or container, where other processes have its numbers: %s",
  async (part) => {
    const line = (await nameHolder()).replace(/\.\d+\.\d+$/, ".4194305.1");
    expect(await stateOf(line)).toBe("gone");
    vi.doMock("node:fs/promises", async (original) => {
      const fs = await original<typeof FsPromises>();
      const other = (read: (path: string, encoding: "utf8") => Promise<string>) => async (path: string) =>
        path.includes(part) ? "another" : read(path, "utf8");
      return { ...fs, readFile: other(fs.readFile), readlink: other(fs.readlink) };
    });
    vi.resetModules();
    onTestFinished(() => {
      vi.doUnmock("node:fs/promises");
      vi.resetModules();
    });
    const elsewhere = await import("../../../drivers/fs/holder.ts");
    expect(await elsewhere.stateOf(line)).toBe("unknown");
  },
);

describe("where there is no /proc", () => {
  const { platform } = process;
  const system = { mac: "00:00:5e:00:53:01" };
  beforeEach(() => {
    Object.defineProperty(process, "platform", { value: "darwin" });
    vi.doMock("node:fs/promises", async (original) => ({
      ...(await original<object>()),
      readFile: () => Promise.reject(Object.assign(new Error("injected"), { code: "ENOENT" })),
    }));
    vi.doMock("node:os", async (original) => ({
      ...(await original<object>()),
      networkInterfaces: () => ({ lo: [{ mac: "00:00:00:00:00:00" }], en0: [{ mac: system.mac }] }),
    }));
    vi.resetModules();
  });
  afterEach(() => {
    Object.defineProperty(process, "platform", { value: platform });
    vi.doUnmock("node:fs/promises");
    vi.doUnmock("node:os");
    vi.resetModules();
  });

  it("stateOf takes for gone what has no process here, and does not know the rest", async () => {
    const holder = await import("../../../drivers/fs/holder.ts");
    const line = await holder.nameHolder();
    expect(line).toMatch(/^[\w-]+\.[0-9a-f]{12}\.\d+\.0$/);
    expect(await holder.stateOf(line)).toBe("unknown");
    expect(await holder.stateOf(line.replace(/\.\d+\.0$/, ".4194305.0"))).toBe("gone");
    vi.resetModules();
    system.mac = "00:00:5e:00:53:02";
    const other = await import("../../../drivers/fs/holder.ts");
    expect(await other.stateOf(line.replace(/\.\d+\.0$/, ".4194305.0"))).toBe("unknown");
  });

  it("nameHolder names no machine that has no network", async () => {
    system.mac = "00:00:00:00:00:00";
    const { nameHolder, stateOf } = await import("../../../drivers/fs/holder.ts");
    const line = await nameHolder();
    expect([line.split(".")[1], await stateOf(line)]).toEqual(["", "unknown"]);
  });
});

it("stateOf takes a killed process for gone, also while its parent has not asked for it", async () => {
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
  await expect.poll(() => stateOf(line)).toBe("gone");
  parent.kill();
  expect(await stateOf(line)).toBe("gone");
});
