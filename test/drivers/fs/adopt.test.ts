import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { adoptable } from "../../../drivers/fs/adopt.ts";
import { rootAt } from "../../../drivers/fs/root.ts";
import { emptyFolder } from "./folder.ts";

const S = 1_000_000_000n;

describe("adoptable", () => {
  it.each<[string, bigint, bigint, string | null]>([
    ["a time cut to the second", 1001n * S, 7n, "1001999999-7"],
    ["a time cut to two seconds", 2000n * S, 7n, "2001500000-7"],
    ["a time cut to the millisecond", 3000n * S + 123_000_000n, 7n, "3000123456-7"],
    ["a time rounded to the next millisecond", 3000n * S + 223_999_000n, 7n, "3000223556-7"],
    ["a time that is whole, but earlier", 1000n * S - 1n * S, 7n, null],
    ["a time that is not cut", 1001n * S + 1000n, 7n, null],
    ["a time just above the millisecond", 3000n * S + 123_000_120n, 7n, "3000123456-7"],
    ["a time just below the millisecond", 3000n * S + 122_999_904n, 7n, "3000123456-7"],
    ["a time just before the next second's", 6001n * S, 7n, null],
    ["another size", 1001n * S, 8n, null],
    ["two that fit", 4001n * S, 7n, null],
    ["one of another key", 5001n * S, 7n, null],
  ])("finds by %s", async (_, mtimeNs, size, found) => {
    const root = rootAt(await emptyFolder());
    await mkdir(join(root.base, "meta/aa"), { recursive: true });
    const names = ["aa1-1001999999-7", "aa1-2001500000-7", "aa1-3000123456-7", "aa1-3000223556-7", "aa2-5001000001-7"];
    for (const name of [...names, "aa1-6002000000-7", "aa1-4001000001-7", "aa1-4001000002-7", "aa1-x-7"])
      await writeFile(join(root.base, `meta/aa/${name}.json`), "");
    await root.exists();
    expect(await adoptable(root, "meta/aa/aa1-", { mtimeNs, size, ino: 1n })).toBe(
      found && `meta/aa/aa1-${found}.json`,
    );
  });
});
