import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import memory from "../../drivers/memory.ts";
import { type Case, cases, casesFor, ConformanceError } from "../../src/conformance.ts";
import { type Faults, faulty } from "./conformance/fault.ts";
import { foundBy } from "./conformance/found-by.ts";
import { listFaults } from "./conformance/list-faults.ts";
import { multipartFaults } from "./conformance/multipart-faults.ts";
import { readFaults } from "./conformance/read-faults.ts";
import { soundWatch, watchFaults } from "./conformance/watch-faults.ts";
import { writeFaults } from "./conformance/write-faults.ts";

const partSize = 64 * 1024;
const faults: Faults = { ...readFaults, ...writeFaults, ...listFaults, ...multipartFaults };
const capabilities = ["multipart", "uploads"] as const;
const watching = [...capabilities, "watch"] as const;
const selected = new Map([...casesFor(capabilities), ...casesFor(watching)].map((one) => [one.name, one]));

function caseOf(fault: string): Case {
  const found = selected.get(foundBy[fault] ?? "");
  if (!found) throw new Error(`found-by.ts names no case for "${fault}"`);
  return found;
}

describe("each fault of a driver", () => {
  it("is in the table of the cases that find it, and nothing else is", () => {
    expect(Object.keys(foundBy).sort()).toEqual(Object.keys({ ...faults, ...watchFaults }).sort());
  });

  it.concurrent.for(Object.entries(faults))("is found: %s", async ([name, fault], { expect: expected }) => {
    const { run, name: rule } = caseOf(name);
    const running = run({ driver: await faulty(fault), prefix: "case/", partSize });
    await expected(running).rejects.toThrow(rule);
  });
});

describe("the cases of watch", () => {
  const ofWatch = casesFor(["watch"]).filter(({ needs }) => needs?.includes("watch"));

  it.each(ofWatch)("hold for a driver that tells as it should: $name", async ({ run }) => {
    await run({ driver: await faulty(soundWatch), prefix: "case/", partSize });
  });

  it.each(Object.entries(watchFaults))("do not: %s", async (name, fault) => {
    const { run, name: rule } = caseOf(name);
    // A case waits ten seconds for what is never told.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const failing = expect(run({ driver: await faulty(fault), prefix: "case/", partSize })).rejects.toThrow(rule);
    await vi.advanceTimersByTimeAsync(10_000);
    await failing;
  });
});

describe("casesFor", () => {
  const context = { driver: memory(), prefix: "case/", partSize };
  const absent = "head: an absent key is null";
  const only = (name: string, deviations = {}): Case => {
    const found = casesFor([], deviations).find((one) => one.name.startsWith(name));
    if (!found) throw new Error(`no case ${name}`);
    return found;
  };

  it("selects by capabilities", () => {
    const needing = cases.filter(({ needs }) => needs?.includes("multipart")).length;
    const lacking = cases.filter(({ lacks }) => lacks?.includes("multipart"));
    expect(needing).toBeGreaterThan(5);
    expect(casesFor([]).some(({ needs }) => needs !== undefined && needs.length > 0)).toBe(false);
    expect(casesFor(["multipart"]).filter(({ name }) => lacking.some((one) => one.name === name))).toEqual([]);
  });

  it("knows no driver by its name: neither a case nor what it uses asks for it", () => {
    const folder = fileURLToPath(new URL("../../src/conformance/", import.meta.url));
    const texts = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")] as const);
    const named = texts.filter(([, text]) => /"(?:memory|fs|s3|r2|env)"|driver\.name\s*[!=]==?|\/drivers\//.test(text));
    expect(named.map(([name]) => name)).toEqual([]);
  });

  it("names the case, what was expected and what came", async () => {
    const driver = await faulty(({ head }) => ({
      head: async (key, call) => (await head(key, call)) ?? { key, size: 7, etag: '"7"' },
    }));
    const error = await only(absent)
      .run({ ...context, driver })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConformanceError);
    expect(String(error)).toMatch(/head: an absent key is null: head: expected null, got \{.*"size":7/);
  });

  it("names the case of an error of the driver's own, which is the cause", async () => {
    const reason = new Error("boom");
    const driver = await faulty(() => ({ head: () => Promise.reject(reason) }));
    const error = await only(absent)
      .run({ ...context, driver })
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/head: an absent key is null: the driver failed: .*boom/);
    expect((error as Error).cause).toMatchObject({ cause: reason });
  });

  it("passes a deviation that is not met, and fails one that is", async () => {
    const deviating = only(absent, { [absent]: "it guesses" });
    expect(deviating.name).toBe(`${absent} (not here: it guesses)`);
    await expect(deviating.run(context)).rejects.toThrow(`${absent}: is met after all`);
    const driver = await faulty(() => ({ head: () => Promise.reject(new Error("no")) }));
    await expect(deviating.run({ ...context, driver })).resolves.toBeUndefined();
  });

  it("throws on a deviation that no selected case has", () => {
    expect(() => casesFor([], { "head: no such": "x" })).toThrow("head: no such");
    expect(() => casesFor([], { "multipart: send takes an empty body": "x" })).toThrow("capabilities");
  });
});
