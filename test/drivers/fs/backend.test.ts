import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fsBackend } from "../../../drivers/fs/backend.ts";
import { emptyFolder, failure, filesBelow, folder, K } from "./folder.ts";

describe("fsBackend", () => {
  it("throws `invalid-option` for wrong options and touches no disk", async () => {
    expect(() => fsBackend({ base: "" })).toThrow(expect.objectContaining({ code: "invalid-option" }));
    const base = await emptyFolder();
    fsBackend({ base: join(base, "new") });
    expect(await filesBelow(base)).toEqual([]);
  });

  it("says where the bytes of a key are, by its first candidate", async () => {
    const { base, store } = await folder();
    expect(store.location(K("a/b c.txt"))).toBe(join(base, "a/b c.txt"));
    expect(store.location(K("a//b"))).toBe(join(base, ".unbucket/keys/a%2f%2fb="));
    expect(store.url(K("a"))).toBe(null);
  });

  it("deletes many, absent ones included, and refuses them as one where it may not write", async () => {
    const { base, put, store, keys } = await folder();
    const names = Array.from({ length: 50 }, (_, index) => `d/${index}`);
    for (const name of names) await put(name, "");
    expect(await store.deleteMany?.([...names.slice(1), "absent"].map(K), {})).toEqual([]);
    expect(await keys()).toEqual(["d/0"]);
    const readOnly = fsBackend({ base, readOnly: true });
    expect((await failure(Promise.resolve(readOnly.deleteMany?.([K("d/0")], {})))).code).toBe("denied");
    expect(await keys()).toEqual(["d/0"]);
  });

  it("stops deleting with the signal's reason", async () => {
    const { put, store, keys } = await folder();
    await put("a", "");
    const reason = new Error("stop");
    const call = store.deleteMany?.([K("a")], { signal: AbortSignal.abort(reason) });
    expect(await failure(Promise.resolve(call))).toBe(reason);
    expect(await keys()).toEqual(["a"]);
  });
});
