import { createStorage } from "unstorage";
import { describe, expect, it, test } from "vitest";
import fs from "../../drivers/fs.ts";
import memory from "../../drivers/memory.ts";
import type { Backend, Key } from "../../src/backend.ts";
import { toDriver } from "../../src/driver.ts";
import { StorageError } from "../../src/error.ts";
import type { MoveOptions, ObjectStore } from "../../src/interface.ts";
import { objects } from "../../src/mounts.ts";
import { type End, isTwin, move, type Seen } from "../../src/move.ts";
import { emptyFolder } from "../drivers/fs/folder.ts";

const seen: Seen = { etag: '"e"', size: 3, lastModified: new Date(1000), versionId: "v" };

test.each([
  ["itself", {}, true],
  ["a view without version", { versionId: undefined }, true],
  ["another ETag", { etag: '"f"' }, false],
  ["another size", { size: 4 }, false],
  ["another time", { lastModified: new Date(2000) }, false],
  ["no time", { lastModified: undefined }, false],
  ["another version", { versionId: "w" }, false],
])("isTwin of %s", (_, other, same) => {
  expect(isTwin(seen, { ...seen, ...other } as Seen)).toBe(same);
});

interface Answers {
  readonly source?: readonly (Seen | null)[];
  readonly target?: readonly (Seen | null)[];
  readonly copy?: () => Promise<string>;
  readonly remove?: (ifMatch: string | undefined) => Promise<void>;
}

/** Moves between ends that give these answers in turn, and notes what is done. */
async function moving(answers: Answers, options: MoveOptions): Promise<[outcome: Promise<string>, done: string[]]> {
  const { source = [seen, seen], target = [null, seen], copy = async () => "made", remove } = answers;
  const done: string[] = [];
  const end = (name: string, found: (Seen | null)[]): End<string> => ({
    head: async (key) => {
      done.push(`${name} ${key}`);
      return found.shift() ?? null;
    },
    delete: async (key, { ifMatch }) => {
      if (remove) await remove(ifMatch);
      done.push(`delete ${key}${ifMatch === undefined ? "" : ` ${ifMatch}`}`);
    },
  });
  const ends = [end("source", [...source]), end("target", [...target])] as const;
  const copying = (ifMatch: string | undefined): Promise<string> => {
    done.push(`copy ${ifMatch}`);
    return copy();
  };
  const outcome = move("from", "to", options, ends, copying);
  await outcome.catch(() => {});
  return [outcome, done];
}

describe("move", () => {
  it.each([
    [{}, '"e"'],
    [{ versionId: undefined, ifMatch: "*" }, '"e"'],
    [{ ifMatch: '"asked"' }, '"asked"'],
  ])("with %j looks at both, copies that version, looks at both again and deletes", async (options, ifMatch) => {
    const [made, done] = await moving({}, options);
    expect(await made).toBe("made");
    expect(done).toEqual([
      "source from",
      "target to",
      `copy ${ifMatch}`,
      "target to",
      "source from",
      'delete from "e"',
    ]);
  });

  it("pins no version where the store has no ETag for it", async () => {
    const bare = { ...seen, etag: '""' };
    const [made, done] = await moving({ source: [bare, bare] }, {});
    await made;
    expect(done).toContain("copy undefined");
    expect(done.at(-1)).toBe("delete from");
  });

  it("keeps a source that is found replaced in the moment of the delete, and says where its version before is", async () => {
    const remove = (): Promise<void> => Promise.reject(new StorageError("precondition-failed", "another version"));
    const [outcome, done] = await moving(
      { remove, source: [seen, seen, { ...seen, lastModified: new Date(2000) }] },
      {},
    );
    await expect(outcome).rejects.toMatchObject({
      code: "conflict",
      key: "from",
      message: expect.stringMatching(/it was kept, and its version before is at the target$/),
    });
    expect(done).not.toContain('delete from "e"');
    const denied = (): Promise<void> => Promise.reject(new StorageError("denied", "no"));
    await expect((await moving({ remove: denied }, {}))[0]).rejects.toMatchObject({ code: "denied" });
  });

  it.each([
    ["refuses the condition", new StorageError("precondition-failed", "another text")],
    ["has no such condition", new StorageError("unsupported", "501")],
    ["says so by a 400", new StorageError("unknown", "400", { response: { status: 400 } })],
  ])("looks once more where the store %s, and then deletes what it saw, or what is gone not", async (_, error) => {
    const refused = async (ifMatch: string | undefined): Promise<void> => {
      if (ifMatch !== undefined) throw error;
    };
    const [made, done] = await moving({ remove: refused, source: [seen, seen, seen] }, {});
    expect(await made).toBe("made");
    expect(done.slice(-3)).toEqual(["source from", "source from", "delete from"]);
    const [gone, looks] = await moving({ remove: refused }, {});
    expect(await gone).toBe("made");
    expect(looks.slice(-2)).toEqual(["source from", "source from"]);
    const [kept] = await moving({ remove: refused, source: [seen, seen, { ...seen, etag: '"f"' }] }, {});
    await expect(kept).rejects.toMatchObject({ code: "conflict" });
    const [without, ends] = await moving({ remove: () => Promise.reject(error) }, {});
    expect(await without).toBe("made");
    expect(ends).not.toContain("delete from");
  });

  it("ends with what a delete without a condition failed by", async () => {
    const bare = { ...seen, etag: '""' };
    const error = new StorageError("unsupported", "no deletes");
    const [outcome, done] = await moving({ source: [bare, bare, bare], remove: () => Promise.reject(error) }, {});
    await expect(outcome).rejects.toBe(error);
    expect(done.filter((step) => step === "source from")).toHaveLength(2);
  });

  it("takes a source that others delete meanwhile as moved", async () => {
    const [made] = await moving({ source: [seen, null] }, {});
    expect(await made).toBe("made");
  });

  it("gives its signal to each look and to the delete", async () => {
    const { signal } = new AbortController();
    const signals: unknown[] = [];
    const end: End<string> = {
      head: async (key, call) => (signals.push(call.signal), key === "to" && signals.length < 3 ? null : seen),
      delete: async (_, call) => void signals.push(call.signal),
    };
    await move("from", "to", { signal }, [end, end], async () => "made");
    expect(signals).toEqual([signal, signal, signal, signal, signal]);
  });

  it("with ifNoneMatch asks for nothing but a copy that does not find the target", async () => {
    const [made, done] = await moving({}, { ifNoneMatch: "*" });
    expect(await made).toBe("made");
    expect(done).toContain('delete from "e"');
    const [found, looks] = await moving({ target: [{ ...seen, etag: '"f"' }] }, { ifNoneMatch: "*" });
    await expect(found).rejects.toMatchObject({ code: "precondition-failed", key: "to" });
    expect(looks).toEqual(["source from", "target to"]);
  });

  const failing = (code: "precondition-failed" | "denied", key?: string) => () =>
    Promise.reject(new StorageError(code, "no", key === undefined ? {} : { key }));
  it.each<[string, Answers, MoveOptions, string, string | undefined]>([
    ["no source", { source: [null] }, {}, "not-found", "from"],
    ["one object of two names", { target: [seen] }, {}, "conflict", "from"],
    ["a source that is replaced before it is copied", { copy: failing("precondition-failed") }, {}, "conflict", "from"],
    [
      "a source that is not the one that was asked for",
      { copy: failing("precondition-failed") },
      { ifMatch: '"x"' },
      "precondition-failed",
      undefined,
    ],
    [
      "a target that was created meanwhile",
      { copy: failing("precondition-failed", "to") },
      { ifNoneMatch: "*" },
      "precondition-failed",
      "to",
    ],
    ["what cannot be copied", { copy: failing("denied") }, {}, "denied", undefined],
    ["a copy of another size", { target: [null, { ...seen, size: 2 }] }, {}, "corrupt", "to"],
    ["a copy that is not there", { target: [null, null] }, {}, "corrupt", "to"],
    ["a source that is replaced after", { source: [seen, { ...seen, etag: '"f"' }] }, {}, "conflict", "from"],
  ])("of %s deletes nothing", async (_, answers, options, code, key) => {
    const [outcome, done] = await moving(answers, options);
    await expect(outcome).rejects.toMatchObject({ code, ...(key && { key }) });
    expect(done.filter((step) => step.startsWith("delete"))).toEqual([]);
  });
});

it.each([
  ["memory", async () => memory()],
  ["a folder", async () => fs({ base: await emptyFolder(), durable: false })],
] as const)("a move or a delete of one version in %s never takes what is written meanwhile", async (_, make) => {
  const store = await make();
  const outcomes = new Set<string>();
  for (let round = 0; round < 300; round++) {
    const { etag } = await store.upload("from", "v1");
    await store.delete("to");
    const moves = round % 4 < 2;
    const gone: Promise<unknown> = moves ? store.move("from", "to") : store.delete("from", { ifMatch: etag });
    const moved = gone.then(
      () => (moves ? "moved" : "deleted"),
      (error: StorageError) => error.code,
    );
    const steps = round % 30;
    for (let step = 0; step < steps; step++) await new Promise(setImmediate);
    const written = round % 2 ? store.upload("from", "v2") : store.update("from", () => "v2");
    await written;
    outcomes.add(await moved);
    const texts = await Promise.all(
      ["from", "to"].map((key) =>
        store.download(key).then(
          (one) => one.text(),
          () => null,
        ),
      ),
    );
    expect(texts, `round ${round}, ${await moved}`).toContain("v2");
  }
  expect([...outcomes]).toEqual(expect.arrayContaining(["moved", "deleted"]));
  for (const outcome of outcomes) expect(["moved", "conflict", "deleted", "precondition-failed"]).toContain(outcome);
  await store.dispose?.();
});

type Asked = readonly [what: string, headers: unknown];

/** A store of two mounts, "a" and "b", and what was asked of them. */
async function mounts(replace: (stored: Backend) => Partial<Backend> = () => ({})): Promise<[ObjectStore, Asked[]]> {
  const asked: Asked[] = [];
  const storage = createStorage();
  for (const name of ["a", "b"]) {
    const stored = await memory().getInstance();
    const { copy, ...backend } = { ...stored, ...replace(stored) };
    const told =
      <Args extends readonly unknown[], T>(verb: string, run: (...args: Args) => T) =>
      (...args: Args): T => {
        asked.push([`${verb} ${name}:${String(args[0])}`, (args.at(-1) as { readonly headers?: unknown }).headers]);
        return run(...args);
      };
    const open = (): Backend => ({
      ...backend,
      head: told("head", backend.head),
      get: told("get", backend.get),
      put: told("put", backend.put),
      delete: told("delete", backend.delete),
      ...(copy && { copy: told("copy", copy) }),
    });
    storage.mount(name, toDriver({ name, open }));
  }
  return [objects(storage), asked];
}

/** Verbs that read a source which others replace before it is read, or after. */
function raced(when: "before" | "after"): (stored: Backend) => Partial<Backend> {
  return (stored) => {
    const around = async <T>(key: Key, read: () => Promise<T>): Promise<T> => {
      const replace = (): Promise<unknown> => stored.put(key, { bytes: new Uint8Array(7) }, {});
      if (when === "before") await replace();
      const made = await read();
      if (when === "after") await replace();
      return made;
    };
    return {
      get: (key, options) => around(key, () => stored.get(key, options)),
      copy: (from, to, options) => around(from, async () => (await stored.copy?.(from, to, options)) ?? null),
    };
  };
}

const PAYER = { "x-amz-request-payer": "requester" };
const OLD = { "x-amz-server-side-encryption-customer-key": "old" };
const NEW = { "x-amz-server-side-encryption-customer-key": "new" };
const ALL = {
  ...PAYER,
  ...NEW,
  "X-Amz-Acl": "private",
  "x-amz-copy-source-server-side-encryption-customer-key": "old",
};

describe.each([
  ["inside a store", "a:to", [["copy a:from", ALL]]],
  [
    "from store to store",
    "b:to",
    [
      ["get a:from", { ...PAYER, ...OLD }],
      ["put b:to", { ...PAYER, ...NEW, "x-amz-acl": "private" }],
    ],
  ],
])("a move %s", (_, to, copying) => {
  it("carries bytes, headers and metadata, and gives the caller's key", async () => {
    const [store] = await mounts();
    const kept = { contentType: "text/x-kept", metadata: { by: "me" }, cacheControl: "no-store" };
    await store.upload("a:from", "bytes", kept);
    expect(await store.move("a:from", to)).toMatchObject({ key: to, size: 5 });
    expect(await store.exists("a:from")).toBe(false);
    expect(await store.head(to)).toMatchObject(kept);
  });

  it("sends each request the headers that it needs", async () => {
    const [store, asked] = await mounts();
    await store.upload("a:from", "bytes");
    asked.length = 0;
    await store.move("a:from", to, { headers: ALL });
    const source = ["head a:from", { ...PAYER, ...OLD }];
    const target = [`head ${to}`, { ...PAYER, ...NEW }];
    // From store to store the verb deletes, which looks before.
    const look = copying.length === 1 ? [] : [["head a:from", PAYER]];
    expect(asked).toEqual([source, target, ...copying, target, source, ...look, ["delete a:from", PAYER]]);
  });

  it.each(["before", "after"] as const)("keeps a source that others replace %s it is copied", async (when) => {
    const [store] = await mounts(raced(when));
    await store.upload("a:from", "bytes");
    await expect(store.move("a:from", to)).rejects.toMatchObject({
      code: "conflict",
      operation: "move",
      key: "a:from",
      message: expect.stringContaining('"a:from"'),
    });
    expect((await store.head("a:from"))?.size).toBe(7);
  });

  it("keeps the source of a copy that has not its size", async () => {
    const [store] = await mounts((stored) => ({
      head: async (key, call) => {
        const info = await stored.head(key, call);
        return info && key === "to" ? { ...info, size: 4 } : info;
      },
    }));
    await store.upload("a:from", "bytes");
    await expect(store.move("a:from", to)).rejects.toMatchObject({
      code: "corrupt",
      key: to,
      message: expect.stringContaining(`"${to}": the copy has not 5 bytes`),
    });
    expect(await store.exists("a:from")).toBe(true);
  });

  it("rejects with the caller's keys", async () => {
    const [store] = await mounts((stored) => ({
      head: (key, call) => (key === "to" ? Promise.reject(new StorageError("denied", "no")) : stored.head(key, call)),
    }));
    await expect(store.move("a:from", to)).rejects.toMatchObject({ code: "not-found", key: "a:from" });
    await store.upload("a:from", "bytes");
    const refusal = store.move("a:from", to);
    await expect(refusal).rejects.toMatchObject({ code: "denied", key: expect.stringMatching(/^[ab]:/) });
    await expect(refusal).rejects.not.toThrow(/"(from|to)"/);
  });

  it.each([{ versionId: "v" }, { range: { start: 0, end: 1 } }, { ifMatch: null }, { headers: { range: "x" } }, null])(
    "refuses %j before anything is asked",
    async (options) => {
      const [store, asked] = await mounts();
      await store.upload("a:from", "bytes");
      asked.length = 0;
      await expect(store.move("a:from", to, options as object)).rejects.toMatchObject({
        code: "invalid-option",
        operation: "move",
        key: "a:from",
      });
      expect(asked).toEqual([]);
    },
  );
});
