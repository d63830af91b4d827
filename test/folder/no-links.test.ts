/** A file system without hard links: exFAT, network shares, Android. */
import type * as FsPromises from "node:fs/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { failure, folder, K } from "../drivers/fs/folder.ts";

const system = vi.hoisted(() => ({ code: "", tries: 0, symlinks: true }));

vi.mock("../../drivers/fs/calls.ts", () => import("../drivers/fs/by-promises.ts"));
vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof FsPromises>();
  const refused = (): Promise<never> => {
    system.tries++;
    return Promise.reject(Object.assign(new Error("injected"), { code: system.code }));
  };
  const link: typeof fs.link = (...args) => (system.code === "" ? fs.link(...args) : refused());
  const symlink: typeof fs.symlink = (...args) => (system.symlinks ? fs.symlink(...args) : refused());
  return { ...fs, link, symlink };
});
afterEach(() => void Object.assign(system, { code: "", tries: 0, symlinks: true }));

describe("create-only without hard links", () => {
  const CODES = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "EINVAL", "ENOSYS", "EMLINK", "EACCES"];
  it.each(CODES.flatMap((code) => [[code, true] as const, [code, false] as const]))(
    "L6: where %s says so, symbolic links %s, is won by exactly one of 50",
    async (code, symlinks) => {
      Object.assign(system, { code, symlinks });
      const { base, put, text, store, files } = await folder();
      const other = await folder({ base });
      const settled = await Promise.allSettled(
        Array.from({ length: 50 }, (_, n) =>
          (n % 2 ? put : other.put)("k", `${n}`, { ifNoneMatch: "*", metadata: { n: `${n}` } }),
        ),
      );
      const winners = settled.flatMap((result, n) => (result.status === "fulfilled" ? [`${n}`] : []));
      expect(winners).toHaveLength(1);
      expect([await text("k"), (await store.head(K("k"), {}))?.metadata]).toEqual([winners[0], { n: winners[0] }]);
      expect((await failure(put("k", "late", { ifNoneMatch: "*" }))).code).toBe("precondition-failed");
      // A folder of that name is no object, and no hindrance.
      await put("d/below", "");
      await put("d", "beside", { ifNoneMatch: "*" });
      expect([await text("d"), await text("d/below")]).toEqual(["beside", ""]);
      expect((await files()).filter((file) => file.includes("/tmp/"))).toEqual([]);
      expect(system.tries).toBeGreaterThan(0);
    },
  );
});
