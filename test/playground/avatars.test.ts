import { describe, expect, it, vi } from "vitest";
import memory from "../../drivers/memory.ts";
import { createApp } from "../../playground/app.ts";
import { currentAvatar, saveAvatar } from "../../playground/services/avatars.ts";
import { type Driver, StorageError } from "../../src/index.ts";

const thumbnailer = async (picture: Uint8Array): Promise<Uint8Array> => picture.slice(0, 1);
const picture = (text: string): { bytes: Uint8Array; contentType: string } => ({
  bytes: new TextEncoder().encode(text),
  contentType: "image/png",
});

const keysOf = async (store: Driver): Promise<string[]> => {
  const keys: string[] = [];
  for await (const entry of store.list()) if (entry.key !== undefined) keys.push(entry.key);
  return keys.sort();
};

const contents = async (store: Driver, user: string): Promise<string[]> => {
  const keys = await currentAvatar(store, user);
  if (keys === null) return [];
  return Promise.all([keys.original, keys.thumbnail].map(async (key) => (await store.download(key)).text()));
};

/** A store whose uploads to such keys fail: before anything is stored, or after it. */
function failing(ending: string, when: "before" | "after"): { store: Driver; fail: (on: boolean) => void } {
  const store = memory();
  const upload = store.upload.bind(store);
  let on = true;
  store.upload = async (key, body, options) => {
    if (!on || !key.endsWith(ending)) return upload(key, body, options);
    if (when === "after") await upload(key, body, options);
    throw new StorageError("unavailable", "The store went away.");
  };
  return { store, fail: (value) => void (on = value) };
}

describe("saveAvatar", () => {
  it("replaces the pair and deletes the one before", async () => {
    const store = memory();
    await saveAvatar(store, thumbnailer, "42", picture("first"));
    const { original, thumbnail } = await saveAvatar(store, thumbnailer, "42", picture("second"));
    expect(await contents(store, "42")).toEqual(["second", "s"]);
    expect(await keysOf(store)).toEqual([original.key, thumbnail.key, "avatars/42/current.json"].sort());
  });

  it.each(["/original.png", "/thumbnail.jpeg", "/current.json"])(
    "keeps the avatar before, and nothing new, when the upload of %s fails",
    async (ending) => {
      const { store, fail } = failing(ending, "before");
      await expect(saveAvatar(store, thumbnailer, "42", picture("first"))).rejects.toThrow("The store went away.");
      expect(await keysOf(store)).toEqual([]);
      fail(false);
      await saveAvatar(store, thumbnailer, "42", picture("first"));
      const before = await keysOf(store);
      fail(true);
      await expect(saveAvatar(store, thumbnailer, "42", picture("second"))).rejects.toThrow("The store went away.");
      expect(await contents(store, "42")).toEqual(["first", "f"]);
      expect(await keysOf(store)).toEqual(before);
    },
  );

  it("is a success when only the last answer is lost", async () => {
    const { store, fail } = failing("/current.json", "after");
    fail(false);
    await saveAvatar(store, thumbnailer, "42", picture("first"));
    fail(true);
    await saveAvatar(store, thumbnailer, "42", picture("second"));
    expect(await contents(store, "42")).toEqual(["second", "s"]);
    expect((await keysOf(store)).length).toBe(3);
  });

  it("lets one of many at the same time win and leaves nothing of the others", async () => {
    const store = memory();
    const names = ["a", "b", "c", "d"];
    const ends = await Promise.allSettled(names.map((name) => saveAvatar(store, thumbnailer, "42", picture(name))));
    const won = names.filter((_name, index) => ends[index]?.status === "fulfilled");
    expect(won.length).toBe(1);
    for (const end of ends) {
      if (end.status === "rejected") expect(end.reason).toMatchObject({ code: "precondition-failed" });
    }
    expect(await contents(store, "42")).toEqual([won[0], won[0]]);
    expect((await keysOf(store)).length).toBe(3);
  });

  it.each(["no JSON", "null", '{"original":1}', '{"original":"secret","thumbnail":"secret"}'])(
    "takes a pointer that names no pair of the user, %s, for none and replaces it",
    async (text) => {
      const store = memory();
      await store.upload("secret", "of somebody else");
      await store.upload("avatars/42/current.json", text);
      expect(await currentAvatar(store, "42")).toBeNull();
      await saveAvatar(store, thumbnailer, "42", picture("first"));
      expect(await contents(store, "42")).toEqual(["first", "f"]);
      expect(await store.exists("secret")).toBe(true);
    },
  );

  it("is done, and says what stays behind, when the pair before cannot be deleted", async () => {
    const store = memory();
    await saveAvatar(store, thumbnailer, "42", picture("first"));
    store.delete = () => Promise.reject(new StorageError("unavailable", "The store went away."));
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    await saveAvatar(store, thumbnailer, "42", picture("second"));
    expect(await contents(store, "42")).toEqual(["second", "s"]);
    expect(log).toHaveBeenCalledOnce();
    log.mockRestore();
  });
});

describe("GET /users/:id/avatar", () => {
  it("gives the new picture when the one before is deleted after its key was read", async () => {
    const store = memory();
    await saveAvatar(store, thumbnailer, "42", picture("first"));
    const download = store.download.bind(store);
    let replaced = false;
    store.download = async (key, options) => {
      if (key.endsWith("/original.png") && !replaced) {
        replaced = true;
        await saveAvatar(store, thumbnailer, "42", picture("second"));
      }
      return download(key, options);
    };
    const app = appOf(store);
    const answer = await app.request("/users/42/avatar");
    expect([answer.status, await answer.text()]).toEqual([200, "second"]);
  });

  it.each(["%E0%A4%A", "%", "..%2F7", "%252e", "%00"])("refuses a user that is no name: %s", async (user) => {
    const app = appOf(memory());
    for (const method of ["GET", "HEAD", "POST"])
      expect((await app.request(`/users/${user}/avatar`, { method })).status).toBe(400);
  });
});

function appOf(store: Driver): ReturnType<typeof createApp> {
  return createApp({
    store,
    documents: { create: unused, list: unused, find: unused, remove: unused, sweep: unused },
    thumbnailer,
    assets: async () => null,
    gateway: () => null,
    hosts: null,
    backend: "Memory",
  });
}

function unused(): Promise<never> {
  throw new Error("no document is asked for");
}
