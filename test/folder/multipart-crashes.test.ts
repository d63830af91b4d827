/** Multipart uploads whose process dies at each of its steps in turn: what it has done stays, and nothing more is done. */
import type * as FsPromises from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { fsBackend } from "../../drivers/fs/backend.ts";
import { rootAt } from "../../drivers/fs/root.ts";
import { sweep } from "../../drivers/fs/sweep.ts";
import type * as Files from "../../drivers/fs/file.ts";
import type { MultipartBackend, PendingUpload, UploadedPart } from "../../src/backend.ts";
import { failure, folder, type Folder, K } from "../drivers/fs/folder.ts";
import { testClock } from "../support/clock.ts";

/** Changes to the disk that are left until the death. */
const life = vi.hoisted(() => ({ left: Infinity }));

const live = vi.hoisted(() => (): void => {
  if (life.left-- <= 0) throw Object.assign(new Error("dead"), { code: "EIO" });
});

vi.mock("../../drivers/fs/file.ts", async (importOriginal) => {
  const files = await importOriginal<typeof Files>();
  const open: typeof files.open = async (path, flags, ...rest) => {
    if (flags !== "wx") return files.open(path, flags, ...rest);
    live();
    const file = await files.open(path, flags, ...rest);
    const write: typeof file.write = async (...args) => (live(), file.write(...args));
    return { ...file, write, sync: async () => (live(), file.sync()) };
  };
  return { ...files, open };
});

vi.mock("../../drivers/fs/calls.ts", () => import("../drivers/fs/by-promises.ts"));
vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof FsPromises>();
  const wrapped = (name: "rename" | "link" | "unlink" | "rmdir" | "mkdir" | "chmod") => {
    const call = fs[name] as (...args: unknown[]) => Promise<unknown>;
    return {
      [name]: async (...args: unknown[]) => {
        // Claims are let go, as they are when their holder is dead.
        if (!String(args[0]).endsWith(".claim")) live();
        return call(...args);
      },
    };
  };
  const open = async (...args: Parameters<typeof fs.open>): Promise<FileHandle> => {
    if (args[1] !== "wx") return fs.open(...args);
    live();
    const handle = await fs.open(...args);
    for (const name of ["write", "writeFile", "sync", "utimes"] as const) {
      const call = handle[name].bind(handle) as (...rest: unknown[]) => Promise<unknown>;
      Object.assign(handle, { [name]: async (...rest: unknown[]) => (live(), call(...rest)) });
    }
    return handle;
  };
  const names = ["rename", "link", "unlink", "rmdir", "mkdir", "chmod"] as const;
  return { ...fs, open, ...Object.assign({}, ...names.map(wrapped)) };
});
afterEach(() => void (life.left = Infinity));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Begun extends Folder {
  readonly id: string;
  readonly parts: readonly UploadedPart[];
  /** Those of a process that comes later. */
  readonly steps: Required<MultipartBackend>;
}

/** An object with headers, and an upload that is to replace it. */
async function begun(): Promise<Begun> {
  const made = await folder();
  await made.put("k", "old", { contentType: "x/old", metadata: { v: "old" } });
  const first = made.store.multipart as Required<MultipartBackend>;
  const { uploadId: id } = await first.create(K("k"), { contentType: "x/new", metadata: { v: "new" } });
  const parts: UploadedPart[] = [];
  for (const number of [1, 2, 3]) parts.push(await first.uploadPart(K("k"), id, number, bytes(`${number}`), {}));
  return { ...made, id, parts, steps: fsBackend({ base: made.base }).multipart as Required<MultipartBackend> };
}

/** Lets a call die before its nth change; gives whether it did not live to its end. */
async function dies(
  left: number,
  call: (steps: Required<MultipartBackend>) => Promise<unknown>,
  base: string,
): Promise<boolean> {
  const { multipart } = fsBackend({ base });
  life.left = left;
  await call(multipart as Required<MultipartBackend>).catch(() => {});
  const dead = life.left < 0;
  life.left = Infinity;
  return dead;
}

/** Runs a check for each step at which a call can die; gives their number. */
async function everywhere(
  call: (steps: Required<MultipartBackend>, made: Begun) => Promise<unknown>,
  check: (made: Begun) => Promise<void>,
): Promise<number> {
  for (let steps = 0; ; steps++) {
    const made = await begun();
    const dead = await dies(steps, (own) => call(own, made), made.base);
    await check(made);
    if (!dead) return steps;
  }
}

/** The object's version, whose bytes and headers must be of one. */
async function version({ text, store }: Begun): Promise<string> {
  const seen = [await text("k"), await store.head(K("k"), {})] as const;
  const name = seen[0] === "old" ? "old" : "new";
  expect(seen).toMatchObject([name === "old" ? "old" : "123", { contentType: `x/${name}`, metadata: { v: name } }]);
  return name;
}

async function pending(steps: Required<MultipartBackend>): Promise<readonly PendingUpload[]> {
  return (await steps.pending("", {})).uploads;
}

/** Nothing but the object and its record is there once the sweep has passed. */
async function expectSwept({ base, files }: Begun): Promise<void> {
  await sweep(rootAt(base), testClock(Date.now() + 2 * 86_400_000, 0));
  const left = (await files()).map((file) => file.replace(/(meta\/).*/, "$1"));
  expect(left).toEqual([".unbucket/meta/", ".unbucket/version", "k"]);
  expect(await readdir(join(base, ".unbucket/uploads"))).toEqual([]);
}

it("L1, L3: complete leaves the old object or the new one, and an upload that can be completed again", async () => {
  const versions: string[] = [];
  const steps = await everywhere(
    (own, { id, parts }) => own.complete(K("k"), id, parts, {}),
    async (made) => {
      versions.push(await version(made));
      const { steps: later, id, parts } = made;
      const before = (await made.store.head(K("k"), {}))?.etag;
      const { etag } = await later.complete(K("k"), id, parts, {});
      expect(await version(made)).toBe("new");
      // What has been made is not made again.
      if (versions.at(-1) === "new") expect(etag).toBe(before);
      expect(await pending(later)).toEqual([]);
      await expectSwept(made);
    },
  );
  expect(steps).toBeGreaterThan(8);
  expect(new Set(versions)).toEqual(new Set(["old", "new"]));
});

it.each<[string, string | null, (made: Begun) => Promise<unknown>]>([
  ["replaced", "later", ({ put }) => put("k", "later")],
  ["deleted", null, ({ store }) => store.delete(K("k"), {})],
])(
  "L3: an object whose upload died after it was there, and that is %s since, is not made again",
  async (_, now, change) => {
    const versions = new Set<string>();
    await everywhere(
      (own, { id, parts }) => own.complete(K("k"), id, parts, {}),
      async (made) => {
        const before = await version(made);
        versions.add(before);
        await change(made);
        const { steps: later, id, parts } = made;
        if (before === "old") return;
        expect(await pending(later)).toEqual([]);
        expect(await later.parts(K("k"), id, {})).toBe(null);
        expect(await failure(later.complete(K("k"), id, parts, {}))).toMatchObject({ code: "not-found" });
        await later.abort(K("k"), id, {});
        expect(await made.text("k")).toBe(now);
      },
    );
    expect(versions).toEqual(new Set(["old", "new"]));
  },
);

it("L3: complete that died can be given up, before the object is there and after", async () => {
  await everywhere(
    (own, { id, parts }) => own.complete(K("k"), id, parts, {}),
    async (made) => {
      const before = await version(made);
      await made.steps.abort(K("k"), made.id, {});
      expect(await version(made)).toBe(before);
      expect(await pending(made.steps)).toEqual([]);
      await expectSwept(made);
    },
  );
});

it("L3: uploadPart leaves the earlier part or the new one, whole", async () => {
  const sizes = new Set<number | undefined>();
  await everywhere(
    (own, { id }) => own.uploadPart(K("k"), id, 2, bytes("twice"), {}),
    async (made) => {
      const { steps, id } = made;
      const parts = (await steps.parts(K("k"), id, {})) ?? [];
      expect(parts).toHaveLength(3);
      sizes.add(parts[1]?.size);
      await steps.complete(K("k"), id, parts, {});
      expect(await made.text("k")).toBe(parts[1]?.size === 1 ? "123" : "1twice3");
      await expectSwept(made);
    },
  );
  expect(sizes).toEqual(new Set([1, 5]));
});

it("L3: create leaves an upload or none, and abort one or none", async () => {
  const counts = new Set<number>();
  const check = async (made: Begun): Promise<void> => {
    const left = await pending(made.steps);
    counts.add(left.length);
    for (const { key, uploadId } of left) await made.steps.abort(K(key), uploadId, {});
    expect(await version(made)).toBe("old");
    await expectSwept(made);
  };
  await everywhere((own) => own.create(K("other"), {}), check);
  await everywhere((own, { id }) => own.abort(K("k"), id, {}), check);
  expect(counts).toEqual(new Set([0, 1, 2]));
});
