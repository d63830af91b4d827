/** A failed upload stores nothing, keeps the present object, and cancels its source. */
import { StorageError } from "../error.ts";
import type { UploadBody, UploadOptions } from "../interface.ts";
import { failure, ok, rejects, rejectsWith, same, sameBytes, soon } from "./assert.ts";
import { cut, iterate, noise, OTHER, source, type Source, utf8 } from "./bytes.ts";
import type { Case, Context } from "./case.ts";

const OLD = utf8("what was there before");

/** Runs a failing upload on an absent and on a present key: neither may change. */
async function changesNothing({ driver, prefix }: Context, attempt: (key: string) => Promise<unknown>): Promise<void> {
  const [free, taken] = [`${prefix}broken/free`, `${prefix}broken/taken`];
  await driver.upload(taken, OLD, { metadata: { version: "old" } });
  await attempt(free);
  await attempt(taken);
  same(await driver.exists(free), false, "a key that was free");
  const read = await driver.download(taken);
  sameBytes(await read.bytes(), OLD, "the object that was there");
  same(read.metadata, { version: "old" }, "its metadata");
  const keys = [];
  for await (const entry of driver.list({ prefix: `${prefix}broken/` })) keys.push(entry.key);
  same(keys, [taken], "keys in the listing");
}

const BREAKS: Readonly<Record<string, (part: number) => number>> = {
  "before its first byte": () => 0,
  "after some bytes": () => 1000,
  "one byte before a part is full": (part) => part - 1,
  "after exactly one part": (part) => part,
  "in the second part": (part) => part + 1000,
};

const WRONG_SIZES: Readonly<Record<string, number>> = {
  "one byte more than declared": -1,
  "one byte less than declared": 1,
};

const SIZED: Readonly<Record<string, (bytes: Uint8Array<ArrayBuffer>) => UploadBody>> = {
  bytes: (bytes) => bytes,
  "a string": (bytes) => "x".repeat(bytes.byteLength),
  "a Blob": (bytes) => new Blob([bytes]),
  "a stream": (bytes) => source(cut(bytes, [700])).stream,
  "an async iterable": (bytes) => iterate(cut(bytes, [700])),
};

async function sourceIsLet(made: Source, what: string): Promise<void> {
  const end = await soon(made.over, `${what}: the source must be cancelled`);
  ok(end !== "failed", `${what}: the source must be cancelled or read, it ${end}`);
}

/** Refused uploads, whose streams must be cancelled. */
const REFUSALS: Readonly<
  Record<string, { readonly key?: string; readonly options?: (etag: string) => UploadOptions }>
> = {
  "ifNoneMatch on an existing key": { options: () => ({ ifNoneMatch: "*" }) },
  "a wrong ifMatch": { options: () => ({ ifMatch: OTHER }) },
  "an invalid key": { key: "../out" },
  "an invalid option": { options: () => ({ metadata: { "not a token": "x" } }) },
  "a size that is no number": { options: () => ({ size: -1 }) },
  "a signal that is aborted": { options: () => ({ signal: AbortSignal.abort(new Error("before")) }) },
};

/** Sources that fail, wrong lengths, refusals. */
export const brokenCases: readonly Case[] = [
  ...Object.entries(BREAKS).flatMap(([where, after]) =>
    ([undefined, "bytes"] as const).map((type): Case => ({
      name: `broken: a ${type ? "byte stream" : "stream"} that fails ${where}`,
      run: (context) =>
        changesNothing(context, async (key) => {
          const reason = new Error("the source broke");
          // Pieces grow, so that the time is not spent in the stream itself on tens of thousands of small ones.
          const pieces = cut(noise(after(context.partSize)), [999, 40_009]);
          const { stream } = source(pieces, { fail: reason }, type);
          const error = await rejects("interrupted", () => context.driver.upload(key, stream), "upload");
          ok(error.cause === reason, "the error must have the source's error as its cause");
        }),
    })),
  ),
  {
    name: "broken: a Request whose host has cut its body",
    run: (context) =>
      changesNothing(context, async (key) => {
        for (const size of [0, 1000, context.partSize + 1000]) {
          const { stream } = source(cut(noise(size), [40_009]));
          const headers = { "content-length": `${size + 1}` };
          const request = new Request("http://h/", {
            method: "PUT",
            body: stream,
            headers,
            duplex: "half",
          } as RequestInit);
          // A page must not set content-length.
          if (request.headers.has("content-length"))
            await rejects("interrupted", () => context.driver.upload(key, request), `upload of ${size} bytes`);
        }
      }),
  },
  {
    name: "broken: an async iterable that throws",
    run: (context) =>
      changesNothing(context, async (key) => {
        const reason = new Error("the iterable broke");
        async function* broken(): AsyncGenerator<Uint8Array> {
          yield noise(1000);
          throw reason;
        }
        const error = await rejects("interrupted", () => context.driver.upload(key, broken()), "upload");
        ok(error.cause === reason, "the error must have the iterable's error as its cause");
      }),
  },
  {
    name: "broken: a StorageError of the source comes through as the same error",
    run: (context) =>
      changesNothing(context, async (key) => {
        const reason = new StorageError("too-large", "more than allowed");
        const { stream } = source(cut(noise(5000), [999]), { fail: reason });
        const error = await failure(() => context.driver.upload(key, stream), "upload");
        ok(error === reason, `expected the source's own StorageError, got ${String(error)}`);
      }),
  },
  ...Object.entries(WRONG_SIZES).flatMap(([name, delta]) =>
    Object.entries(SIZED).map(([kind, make]): Case => ({
      name: `broken: ${kind} of ${name} is refused`,
      run: (context) =>
        changesNothing(context, async (key) => {
          await rejects(
            "invalid-option",
            () => context.driver.upload(key, make(noise(2000)), { size: 2000 + delta }),
            "upload",
          );
        }),
    })),
  ),
  ...([-1, 1] as const).map((delta): Case => ({
    name: `broken: a stream of over a part, ${delta < 0 ? "longer" : "shorter"} than declared, is refused`,
    run: (context) =>
      changesNothing(context, async (key) => {
        const size = context.partSize + 10;
        const { stream } = source(cut(noise(size), [65_536]));
        await rejects("invalid-option", () => context.driver.upload(key, stream, { size: size + delta }), "upload");
      }),
  })),
  {
    name: "broken: a stream of exactly the declared size is stored",
    async run({ driver, prefix }) {
      const { stream } = source(cut(noise(2000), [700]));
      const totals = new Set<number | undefined>();
      const info = await driver.upload(`${prefix}exact`, stream, {
        size: 2000,
        onProgress: ({ total }) => totals.add(total),
      });
      same([info.size, [...totals]], [2000, [2000]], "size and announced total");
    },
  },
  ...Object.entries(REFUSALS).map(([why, { key: other, options }]): Case => ({
    name: `broken: the source is let go on ${why}`,
    async run({ driver, prefix }) {
      const key = `${prefix}refused`;
      const { etag } = await driver.upload(key, OLD);
      const made = source(cut(noise(100_000), [1000]));
      await failure(() => driver.upload(other ?? key, made.stream, options?.(etag)), "upload");
      await sourceIsLet(made, why);
      sameBytes(await (await driver.download(key)).bytes(), OLD, "the object that was there");
    },
  })),
  {
    name: "broken: the source of setItemRaw is let go on an invalid key and on an invalid option",
    async run({ driver, prefix }) {
      const key = prefix.replaceAll("/", ":");
      const [one, other] = [source(cut(noise(9000), [1000])), source(cut(noise(9000), [1000]))];
      await failure(() => driver.setItemRaw(`${key}..:x`, one.stream), "setItemRaw");
      await sourceIsLet(one, "an invalid key");
      await failure(() => driver.setItemRaw(`${key}x`, other.stream, { size: 0.5 }), "setItemRaw");
      await sourceIsLet(other, "an invalid option");
    },
  },
  {
    name: "broken: a stream is refused as soon as it is longer than declared, and let go",
    run: (context) =>
      changesNothing(context, async (key) => {
        // Then the stream stalls, so that a driver which reads on is seen to wait.
        const made = source(cut(noise(100_000), [1000]), { hang: () => {} });
        const upload = (): Promise<unknown> =>
          soon(context.driver.upload(key, made.stream, { size: 10_500 }), "upload");
        await rejects("invalid-option", upload, "upload");
        await sourceIsLet(made, "more bytes than declared");
      }),
  },
  {
    name: "broken: a stream that gives what is no bytes is let go",
    run: (context) =>
      changesNothing(context, async (key) => {
        const made = source([noise(1000), 5 as unknown as Uint8Array, noise(1000), noise(1000), noise(1000)]);
        await rejects("invalid-option", () => context.driver.upload(key, made.stream), "upload");
        same(await soon(made.over, "the source must be cancelled"), "cancelled", "end of the source");
      }),
  },
  ...(["first", "second"] as const).map((which): Case => ({
    name: `abort: while the source is silent in the ${which} part`,
    run: (context) =>
      changesNothing(context, async (key) => {
        const control = new AbortController();
        const reason = new Error("the user left");
        const bytes = noise(which === "first" ? 1000 : context.partSize + 1000);
        const made = source(cut(bytes, [65_536]), { hang: () => control.abort(reason) });
        await rejectsWith(
          reason,
          () => soon(context.driver.upload(key, made.stream, { signal: control.signal }), "upload"),
          "upload",
        );
        await sourceIsLet(made, "abort");
      }),
  })),
  {
    name: "abort: from the progress of a long upload",
    run: (context) =>
      changesNothing(context, async (key) => {
        const control = new AbortController();
        const reason = new Error("cancel was pressed");
        const made = source(cut(noise(2 * context.partSize + 10), [65_536]), { hang: () => control.abort(reason) });
        const options = { signal: control.signal, onProgress: () => control.abort(reason) };
        await rejectsWith(reason, () => soon(context.driver.upload(key, made.stream, options), "upload"), "upload");
        await sourceIsLet(made, "abort");
      }),
  },
  {
    name: "abort: without a reason rejects with an AbortError",
    run: (context) =>
      changesNothing(context, async (key) => {
        const control = new AbortController();
        const made = source([noise(10)], { hang: () => control.abort() });
        const error = await failure(
          () => context.driver.upload(key, made.stream, { signal: control.signal }),
          "upload",
        );
        ok(error === control.signal.reason, "expected the signal's own reason");
        same((error as Error).name, "AbortError", "name of the reason");
      }),
  },
];
