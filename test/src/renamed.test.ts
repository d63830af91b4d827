import { describe, expect, it } from "vitest";
import { StorageError } from "../../src/error.ts";
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
