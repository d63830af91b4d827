/** B12: keys that end while they are in use. */
import { ok, same } from "../../../src/conformance/assert.ts";
import { noise } from "../../../src/conformance/bytes.ts";
import { type FaultCase, PART, type Rig, TOKENS } from "../rig.ts";

function rotating(rig: Rig): {
  credentials: () => Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken: string }>;
  asked: () => number;
} {
  const { accessKeyId, secretAccessKey } = rig.lab;
  let asked = 0;
  const credentials = async (): Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken: string }> => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { accessKeyId, secretAccessKey, sessionToken: asked++ === 0 ? TOKENS[0] : TOKENS[1] };
  };
  return { credentials, asked: () => asked };
}

/** Keys that the store does not know until the function was asked `until` times more; they say nothing of an end. */
function replaced(
  rig: Rig,
  name: "accessKeyId" | "secretAccessKey",
  until = 1,
): { credentials: () => Promise<{ accessKeyId: string; secretAccessKey: string }>; asked: () => number } {
  const { accessKeyId, secretAccessKey } = rig.lab;
  const keys = { accessKeyId, secretAccessKey };
  let asked = 0;
  return {
    credentials: async () => (asked++ < until ? { ...keys, [name]: "REPLACED" } : keys),
    asked: () => asked,
  };
}

export const tokenCases: readonly FaultCase[] = [
  {
    row: "B12",
    name: "keys that end in the middle of an upload are asked for once, and the parts are signed anew",
    async run(rig) {
      const { credentials, asked } = rotating(rig);
      await rig.set({ switches: { tokens: TOKENS, tokenEnds: 3 } });
      await rig.store({ credentials }).upload("k", noise(3 * PART + 5));
      same([(await rig.seen()).objects["k"]?.size, asked()], [3 * PART + 5, 2], "size stored, and calls for keys");
    },
  },
  {
    row: "B12",
    name: "ten calls whose keys have ended ask for new ones once",
    async run(rig) {
      const { credentials, asked } = rotating(rig);
      const store = rig.store({ credentials });
      await rig.set({ switches: { tokens: TOKENS } });
      await store.upload("k", "x");
      await rig.set({ switches: { tokenEnds: 1 } });
      await Promise.all(Array.from({ length: 10 }, (_, index) => store.upload(`${index}`, "x")));
      same([Object.keys((await rig.seen()).objects).length, asked()], [11, 2], "objects, and calls for keys");
    },
  },
  {
    row: "B12",
    name: "a credentials function that never answers ends the call in time, and the call says so",
    async run(rig) {
      const credentials = (): Promise<never> => new Promise(() => {});
      const store = rig.store({ credentials, timeout: 100, retry: { attempts: 2, baseDelay: 1 } });
      for (const call of [() => store.upload("k", "x"), () => store.presign("k")]) {
        const { message } = await rig.rejects("timeout", call, "call");
        ok(message.includes("credentials"), `it must name the credentials: ${message}`);
      }
      same(await rig.operations(), [], "requests");
    },
  },
  {
    row: "B12",
    name: "a credentials function that never answers again does not keep calls waiting whose keys hold",
    async run(rig) {
      const { accessKeyId, secretAccessKey } = rig.lab;
      let asked = 0;
      const credentials = (): Promise<{ accessKeyId: string; secretAccessKey: string; expiration: Date }> => {
        const expiration = new Date(Date.now() + 240_000);
        return asked++ === 0
          ? Promise.resolve({ accessKeyId, secretAccessKey, expiration })
          : new Promise<never>(() => {});
      };
      const store = rig.store({ credentials });
      for (const key of ["a", "b", "c"]) await store.upload(key, "x");
      same([Object.keys((await rig.seen()).objects).length, asked], [3, 2], "objects, and calls for keys");
    },
  },
  {
    row: "B12",
    name: "fixed keys that have ended are a plain error, asked once",
    async run(rig) {
      await rig.set({ switches: { tokens: TOKENS, tokenEnds: 1 }, rules: [] });
      await rig.rejects("unauthenticated", () => rig.store({ sessionToken: TOKENS[0] }).upload("k", "x"), "upload");
      same((await rig.operations()).length, 1, "requests");
    },
  },
  {
    row: "B12",
    name: "keys that are refused for good end in an error, after one more try",
    async run(rig) {
      const { accessKeyId, secretAccessKey } = rig.lab;
      const credentials = async (): Promise<{
        accessKeyId: string;
        secretAccessKey: string;
        sessionToken: string;
      }> => ({
        ...{ accessKeyId, secretAccessKey, sessionToken: TOKENS[0] },
      });
      await rig.set({ switches: { tokens: TOKENS, tokenEnds: 1 }, rules: [] });
      await rig.rejects("unauthenticated", () => rig.store({ credentials }).upload("k", "x"), "upload");
      same((await rig.operations()).length <= 3, true, "requests are few");
    },
  },
  ...(["accessKeyId", "secretAccessKey"] as const).flatMap((name): FaultCase[] => [
    {
      row: "B12",
      name: `keys of which the ${name} was replaced are asked for once more by all calls that they are refused to`,
      async run(rig) {
        const { credentials, asked } = replaced(rig, name);
        const store = rig.store({ credentials });
        await Promise.all(["a", "b", "c", "d", "e"].map((key) => store.upload(key, "x")));
        await store.upload("parts", noise(2 * PART + 5));
        same([Object.keys((await rig.seen()).objects).length, asked()], [6, 2], "objects, and calls for keys");
      },
    },
    {
      row: "B12",
      name: `keys of which the ${name} was replaced are asked for once more after a HEAD, whose refusal says nothing`,
      async run(rig) {
        await rig.store().upload("k", "x");
        const { credentials, asked } = replaced(rig, name);
        const store = rig.store({ credentials });
        same(
          [(await store.head("k"))?.size, await store.exists("other"), asked()],
          [1, false, 2],
          "size, calls for keys",
        );
      },
    },
    {
      row: "B12",
      name: `keys whose ${name} is wrong are refused without repetition, and asked for once more by all calls`,
      async run(rig) {
        const { credentials, asked } = replaced(rig, name, Infinity);
        const store = rig.store({ credentials });
        for (const key of ["a", "b", "c"])
          await rig.rejects("unauthenticated", () => store.upload(key, "x"), `upload ${key}`);
        await rig.rejects("denied", () => store.exists("a"), "exists");
        same([(await rig.operations()).length, asked()], [4, 2], "requests, and calls for keys");
      },
    },
  ]),
];
