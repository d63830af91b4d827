import { describe, expect, it } from "vitest";
import memory from "../../drivers/memory.ts";
import { toDownload } from "../../src/download.ts";
import { locate, quoted, StorageError } from "../../src/error.ts";
import type { MultipartUpload } from "../../src/interface.ts";
import { renamed, renamedState, renaming } from "../../src/renamed.ts";

const cut = (key: string): string => key.replace(/^in\//, "");

describe("renamed", () => {
  it("gives its own names to the upload, its state, its object and its errors", async () => {
    const upload = {
      key: "in/k",
      uploadId: "id",
      state: () => ({ key: "in/k", uploadId: "id", partSize: 1, parts: [] }),
      send: async () => ({ key: "in/k" }),
      complete: async () => ({ key: "in/k" }),
      parts: async () => Promise.reject(new StorageError("not-found", "gone", { key: "in/k" })),
    } as unknown as MultipartUpload;
    const named = await renamed(Promise.resolve(upload), cut);
    expect([named.key, named.uploadId, named.state().key]).toEqual(["k", "id", "k"]);
    expect((await named.send(() => null)).key).toBe("k");
    expect((await named.complete([])).key).toBe("k");
    await expect(named.parts()).rejects.toMatchObject({ key: "k" });
  });

  it("cuts a name once, also one that begins so twice", async () => {
    const upload = { key: "in/in/k", state: () => ({ key: "in/in/k" }) } as unknown as MultipartUpload;
    const named = await renamed(Promise.resolve(upload), cut);
    expect([named.key, named.state().key]).toEqual(["in/k", "in/k"]);
  });

  it("leaves what is made when it is asked for unmade", async () => {
    let made = 0;
    const object = {
      key: "in/k",
      get body() {
        return ++made;
      },
    };
    const named = await renaming(Promise.resolve(object), cut);
    expect([made, named.key, named.body, made]).toEqual([0, "k", 1, 1]);
    expect(Object.keys(named)).toEqual(["key", "body"]);
  });

  it("gives a state the inner key, but that of another upload none", () => {
    const state = { key: "k", uploadId: "id", partSize: 1, parts: [] };
    expect(renamedState(state, "k", "in/k")).toEqual({ ...state, key: "in/k" });
    expect(renamedState(state, "other", "in/other")).toBe(state);
    expect(renamedState("id", "k", "in/k")).toBe("id");
  });

  it("gives its own names to the failure of an upload that did not begin", async () => {
    const failed = Promise.reject(new StorageError("denied", "no", { key: "in/k" }));
    await expect(renamed(failed, cut)).rejects.toMatchObject({ key: "k" });
  });
});

describe("renaming of a failure", () => {
  const fail = (error: unknown): Promise<never> => renaming(Promise.reject(error), cut);

  it("names the key in the message too, where it stands first, and leaves the rest as it is", async () => {
    const error = locate(new StorageError("denied", 'no "in/k" for you'), {
      operation: "head",
      driver: "s3",
      key: "in/k",
    });
    await expect(fail(error)).rejects.toMatchObject({ key: "k", message: 's3 head "k": no "in/k" for you' });
    const other = locate(new StorageError("denied", "no"), { operation: "list", driver: "s3" });
    await expect(fail(other)).rejects.toMatchObject({ message: "s3 list: no" });
  });

  it.each(["in/$&$1", 'in/"\\', `in/${"long".repeat(100)}`])("takes no key for a pattern: %j", async (key) => {
    const error = locate(new StorageError("denied", "no"), { operation: "head", key });
    await expect(fail(error)).rejects.toMatchObject({ message: `head ${quoted(cut(key))}: no` });
  });

  it("names every key of a batch once, in its errors and in what the message says of the first", async () => {
    const shared = locate(new StorageError("denied", "no"), { operation: "delete", key: "in/in/a" });
    const error = new StorageError("partial", `2 of 3 keys were not deleted; first: ${shared.message}`, {
      operation: "delete",
      deleted: ["in/c"],
      errors: ["in/in/a", "in/b"].map((key) => ({ key, error: shared })),
    });
    await expect(fail(error)).rejects.toMatchObject({
      message: '2 of 3 keys were not deleted; first: delete "in/a": no',
      deleted: ["c"],
      errors: ["in/a", "b"].map((key) => ({ key, error: { key: "in/a", message: 'delete "in/a": no' } })),
    });
  });

  it("leaves what is no StorageError as it is, such as the reason of an abort", async () => {
    const reason = { key: "in/k" };
    await expect(fail(reason)).rejects.toBe(reason);
    expect(reason.key).toBe("in/k");
  });

  it("reaches errors of a body that come after its head", async () => {
    const object = await memory().upload("in/k", "x");
    const stored = {
      info: object,
      body: new ReadableStream({ pull: (sink) => sink.error(new StorageError("corrupt", "cut")) }),
    };
    const place = { operation: "download", driver: "s3", key: "in/k" };
    const found = await renaming(Promise.resolve(toDownload(await memory().getInstance(), stored, place)), cut);
    await expect(found.text()).rejects.toMatchObject({ key: "k", message: 's3 download "k": cut' });
  });
});
