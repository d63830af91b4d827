/** B1, B16: a store that puts off all parts of an upload at once. */
import { ok, same, sameBytes } from "../../../src/conformance/assert.ts";
import { noise } from "../../../src/conformance/bytes.ts";
import type { Fault } from "../proxy/fault.ts";
import type { Rule } from "../proxy/rules.ts";
import { type FaultCase, PART, type Rig } from "../rig.ts";

const COUNT = 3;
const SIZE = (COUNT - 1) * PART + 1000;

const slowDown = (wait: string): Fault => ({
  do: "reply",
  status: 503,
  headers: { "retry-after": wait },
  body: "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>",
});

/** Each part is refused the first time, or the first `to` times. */
const refused = (fault: Fault, to = 1): Rule[] =>
  Array.from({ length: COUNT }, (_, at) => ({ operation: "UploadPart", part: at + 1, to, faults: [fault] }));

/** How often each part came, by number. */
async function sent(rig: Rig): Promise<number[]> {
  const counts = Array.from({ length: COUNT }, () => 0);
  for (const { operation, target } of (await rig.seen()).log) {
    const number = Number(/partNumber=(\d+)/.exec(target)?.[1]);
    if (operation === "UploadPart") counts[number - 1] = (counts[number - 1] ?? 0) + 1;
  }
  return counts;
}

/** Uses up what a store may repeat: what it is given back, and the beginning of an upload brings, makes enough for one retry. */
async function drained(rig: Rig, store: ReturnType<Rig["store"]>): Promise<void> {
  await rig.set({ objects: { small: "x" }, rules: [{ faults: [{ do: "reply", status: 503 }] }] });
  // Each takes 15 of the 500, until nothing is left.
  await Promise.allSettled(Array.from({ length: 40 }, () => store.head("small")));
  await rig.set({ rules: [] });
  for (let turn = 0; turn < 5; turn++) await store.head("small");
}

export const slowDownCases: readonly FaultCase[] = [
  ...[1, COUNT].map((concurrency): FaultCase => ({
    row: "B1",
    name: `parts that are all refused with SlowDown once, ${concurrency} at a time, are sent twice each and make the object`,
    async run(rig) {
      await rig.set({ rules: refused(slowDown("0")) });
      const bytes = noise(SIZE, 7);
      const store = rig.store({ concurrency });
      await store.upload("k", bytes);
      same(
        await sent(rig),
        Array.from({ length: COUNT }, () => 2),
        "how often each part was sent",
      );
      const others = (await rig.operations()).filter((operation) => operation !== "UploadPart");
      same(others, ["CreateMultipartUpload", "CompleteMultipartUpload"], "other requests");
      sameBytes(await (await store.download("k")).bytes(), bytes, "bytes");
    },
  })),
  {
    row: "B1",
    name: "parts that are refused with SlowDown wait as long as the store asks",
    async run(rig) {
      await rig.set({ rules: refused(slowDown("1")) });
      await rig.store({ concurrency: COUNT, retry: { baseDelay: 1, maxDelay: 20_000 } }).upload("k", noise(SIZE, 7));
      for (let part = 1; part <= COUNT; part++) {
        const of = (await rig.seen()).log.filter(({ target }) => target.includes(`partNumber=${part}&`));
        const [first = 0, second = 0] = of.map(({ at }) => at);
        ok(second - first >= 950, `part ${part} was sent again after ${second - first} ms`);
      }
    },
  },
  {
    row: "B16",
    name: "parts that are refused with SlowDown take from the allowance that all calls share, and give back what they took",
    async run(rig) {
      const store = rig.store({ concurrency: COUNT, retry: { baseDelay: 1, maxDelay: 20_000 } });
      await drained(rig, store);
      await rig.set({ rules: refused(slowDown("15")) });
      await rig.rejects("unavailable", () => store.upload("k", noise(SIZE, 7)), "refused all at once");
      ok(
        (await sent(rig)).every((count) => count <= 1),
        `sent again: ${String(await sent(rig))}`,
      );
      const { objects, uploads } = await rig.seen();
      same([objects["k"], uploads], [undefined, []], "object and uploads");
      // One after the other they do with what one takes, since each gives it back.
      const patient = rig.store({ concurrency: 1 });
      await drained(rig, patient);
      await rig.set({ rules: refused(slowDown("0")) });
      await patient.upload("k", noise(SIZE, 7));
      same(
        await sent(rig),
        Array.from({ length: COUNT }, () => 2),
        "how often each part was sent",
      );
    },
  },
];
