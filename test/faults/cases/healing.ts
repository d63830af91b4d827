/** B5, B6, C1, C2, C10: a body that breaks goes on where it broke, and never with another version. */
import { ok, same } from "../../../src/conformance/assert.ts";
import type { Fault } from "../proxy/fault.ts";
import type { Rule } from "../proxy/rules.ts";
import type { FaultCase, Rig } from "../rig.ts";

const TEXT = Array.from({ length: 500 }, (_, index) => `line ${index}\n`).join("");
const GET = "GetObject";
const reset: Fault = { do: "truncate", at: 1000, by: "rst" };

/** How a body breaks. A stall must be longer than the limit on silence. */
const BREAKS: Readonly<Record<string, readonly [row: string, fault: Fault]>> = {
  reset: ["B5", reset],
  ended: ["C1", { do: "truncate", at: 1000, by: "fin" }],
  stalled: ["B6", { do: "stall", at: 1000 }],
};

const read = async (rig: Rig, range?: { start: number; end: number }, silence = 5000): Promise<string> =>
  (await rig.store({ timeout: { headers: 5000, body: silence } }).download("k", range ? { range } : {})).text();

const broken = (more: readonly Rule[] = []): readonly Rule[] => [{ operation: GET, nth: 1, faults: [reset] }, ...more];

/** How a body fails whose rest is not to be had. */
const FAILED = ["corrupt", "conflict", "precondition-failed", "not-found", "unavailable"];

/** Heals never: each says why what came second is not the rest of what came first. */
const SECOND: Readonly<Record<string, readonly Fault[]>> = {
  "another version": [{ do: "overtake", text: TEXT.toUpperCase() }],
  "nothing, since it was deleted": [{ do: "overtake" }],
  "another place than was asked for": [
    { do: "headers", set: { "content-range": `bytes 1001-${TEXT.length - 1}/${TEXT.length}` } },
  ],
  "another total": [{ do: "headers", set: { "content-range": `bytes 1000-${TEXT.length - 1}/${TEXT.length + 1}` } }],
  "another ETag": [{ do: "headers", set: { etag: '"other"' } }],
  "all of another version": [
    { do: "request-headers", set: { range: null } },
    { do: "headers", set: { etag: '"other"' } },
  ],
};

/** How a proxy sends what it has packed: with the length that it has then, or with none. */
const PACKED: Readonly<Record<string, readonly Fault[]>> = {
  "with its own length": [{ do: "headers", set: { "content-encoding": "gzip" } }],
  "without a length": [
    { do: "headers", set: { "content-encoding": "gzip", "content-length": null } },
    { do: "close-delimited" },
  ],
};

export const healingCases: readonly FaultCase[] = [
  ...Object.entries(BREAKS).map(([what, [row, fault]]): FaultCase => ({
    row,
    name: `a body that is ${what} three times goes on where it broke`,
    async run(rig) {
      await rig.set({ objects: { k: TEXT }, rules: [{ operation: GET, to: 3, faults: [fault] }] });
      same(await read(rig, undefined, fault.do === "stall" ? 250 : 5000), TEXT, "text");
      const { log, objects } = await rig.seen();
      const starts = log.map(({ headers }) => Number(/^bytes=(\d+)-/.exec(headers["range"] ?? "")?.[1] ?? 0));
      // Bun may lose what came right before the end: then it is asked for again, from where it was.
      const least = "Bun" in globalThis ? 0 : 2000;
      const onwards = starts.every((start, index) => start % 1000 === 0 && start >= (starts[index - 1] ?? 0));
      ok(onwards && (starts.at(-1) ?? 0) >= least, `it must go on where it broke: ${starts.join(", ")}`);
      // A machine that is busy may be taken for one more stall.
      const most = fault.do === "stall" ? log.length : 4;
      ok(log.length >= 4 && log.length <= most, `${log.length} requests`);
      const versions = new Set(log.slice(1).map(({ headers }) => headers["if-match"]));
      same([...versions], [objects["k"]?.etag], "versions");
    },
  })),
  {
    row: "B5",
    name: "a range that is reset goes on within itself",
    async run(rig) {
      await rig.set({ objects: { k: TEXT }, rules: [{ operation: GET, nth: 1, faults: [reset] }] });
      same(await read(rig, { start: 100, end: 2999 }), TEXT.slice(100, 3000), "text");
      same(
        (await rig.seen()).log.map(({ headers }) => headers["range"]),
        ["bytes=100-2999", "bytes=1100-2999"],
        "ranges",
      );
    },
  },
  {
    row: "B5",
    name: "a rest that is answered with the whole object of the same version is cut to it",
    async run(rig) {
      const whole: Fault = { do: "request-headers", set: { range: null } };
      await rig.set({ objects: { k: TEXT }, rules: broken([{ operation: GET, nth: 2, faults: [whole] }]) });
      same(await read(rig), TEXT, "text");
    },
  },
  {
    row: "B5",
    name: "a rest that is refused for a moment is asked for again",
    async run(rig) {
      await rig.set({
        objects: { k: TEXT },
        rules: broken([{ operation: GET, nth: 2, faults: [{ do: "reply", status: 503 }] }]),
      });
      same(await read(rig), TEXT, "text");
    },
  },
  ...Object.entries(SECOND).map(([what, faults]): FaultCase => ({
    row: "B5",
    name: `a rest that is ${what} is an error, and never joined to what came first`,
    async run(rig) {
      await rig.set({ objects: { k: TEXT }, rules: broken([{ operation: GET, nth: 2, faults }]) });
      await rig.rejects(FAILED, () => read(rig), "download");
      ok((await rig.operations()).length >= 2, "the rest must have been asked for");
    },
  })),
  {
    row: "C9",
    name: "a proxy that begins to pack answers, or weakens their ETags, spoils no range, no rest and no part",
    async run(rig) {
      const weak = { do: "headers", set: { etag: 'W/"packed"' } } as const;
      for (const faults of [[{ do: "gzip" }], [{ do: "gzip" }, weak], [weak]] as const) {
        const later: Rule = { operation: GET, nth: 2, faults };
        const met = async (what: string, rules: readonly Rule[], wanted: string, call: () => Promise<string>) => {
          await rig.set({ objects: { k: TEXT }, rules });
          const outcome = await call().catch((error: unknown) =>
            rig.rejects(FAILED, () => Promise.reject(error), what),
          );
          if (typeof outcome === "string") same(outcome, wanted, what);
        };
        await met("range", [{ operation: GET, faults }], TEXT.slice(10, 3000), () =>
          read(rig, { start: 10, end: 2999 }),
        );
        await met("rest", broken([later]), TEXT, () => read(rig));
      }
    },
  },
  ...Object.entries(PACKED).map(([how, faults]): FaultCase => ({
    row: "C9",
    name: `what a proxy makes of an answer is not taken for bytes because it is as long as they are, ${how}`,
    async run(rig) {
      const packed = (length: number): Fault[] => [{ do: "body", body: "x".repeat(length) }, ...faults];
      const rules = [1000, 1990].map((length, at): Rule => ({ operation: GET, nth: at + 1, faults: packed(length) }));
      await rig.set({ objects: { k: TEXT }, rules });
      await rig.rejects(FAILED, () => read(rig, { start: 10, end: 2999 }), "range");
      await rig.set({ rules: broken([{ operation: GET, nth: 2, faults: packed(TEXT.length - 1000) }]) });
      await rig.rejects(FAILED, () => read(rig), "rest");
      await rig.set({ rules: [{ operation: GET, faults: packed(TEXT.length) }] });
      // With a length of its own it is an object that is stored so, as far as anybody can tell.
      if (faults.length > 1) await rig.rejects(FAILED, () => read(rig), "whole");
    },
  })),
  ...([{ omitEtag: true }, { etagForm: "weak" }] as const).map((switches): FaultCase => ({
    row: "B5",
    name: `a body ${"omitEtag" in switches ? "without an ETag" : "whose ETag is weak"} is not gone on with`,
    async run(rig) {
      await rig.set({ objects: { k: TEXT }, switches, rules: broken() });
      await rig.rejects(["corrupt", "unavailable"], () => read(rig), "download");
      same((await rig.operations()).length, 1, "requests");
    },
  })),
  {
    row: "B5",
    name: "a body that gives nothing more is given up",
    async run(rig) {
      await rig.set({
        objects: { k: TEXT },
        rules: [{ operation: GET, faults: [{ do: "truncate", at: 0, by: "rst" }] }],
      });
      await rig.rejects(["corrupt", "unavailable"], () => read(rig), "download");
      const { length } = await rig.operations();
      ok(length > 1 && length < 20, `${length} requests`);
    },
  },
  {
    row: "C2",
    name: "a body whose length a proxy has taken away is read whole by what a HEAD says",
    async run(rig) {
      const stripped: Fault[] = [{ do: "close-delimited" }];
      await rig.set({ objects: { k: TEXT }, rules: [{ operation: GET, faults: stripped }] });
      same(await read(rig), TEXT, "text");
      await rig.set({
        rules: [{ operation: GET, nth: 1, faults: [...stripped, { do: "truncate", at: 1000, by: "fin" }] }],
      });
      same(await read(rig), TEXT, "text after a cut");
    },
  },
];
