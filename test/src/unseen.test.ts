import { readFile, readdir } from "node:fs/promises";
import { expect, it } from "vitest";
import { CONTROL, UNSEEN } from "../../src/unseen.ts";

/** All that a text can have, one by one. */
const all = Array.from({ length: 0x110000 }, (_, code) => String.fromCodePoint(code));

it("CONTROL matches the control characters and the lone surrogates, as Unicode's tables have them", () => {
  expect(all.filter((one) => CONTROL.test(one))).toEqual(all.filter((one) => /[\p{Cc}\p{Cs}]/u.test(one)));
});

it("UNSEEN matches what is unseen and no more than Unicode's tables know", () => {
  const found = all.filter((one) => one.replace(UNSEEN, "") === "");
  const known = all.filter((one) => /[\p{Cc}\p{Cf}\p{Cs}]/u.test(one));
  // What the tables of a later Node add.
  expect(known.filter((one) => !found.includes(one) && !/[\p{Cn}]/u.test(one))).toEqual([]);
  expect(found.filter((one) => !/[\p{Cc}\p{Cf}\p{Cs}\p{Cn}]/u.test(one))).toEqual([]);
  expect("a\u202e\u0000b".replace(UNSEEN, " ")).toBe("a b");
});

it("no file of the package needs Unicode's tables to be read", async () => {
  const folders = await Promise.all(
    ["src", "drivers"].map(async (folder) =>
      (await readdir(folder, { recursive: true, withFileTypes: true })).map(
        (entry) => `${entry.parentPath}/${entry.name}`,
      ),
    ),
  );
  const files = folders.flat().filter((path) => path.endsWith(".ts") && !path.endsWith("unseen.ts"));
  const texts = await Promise.all(files.map((path) => readFile(path, "utf8")));
  expect(files.filter((_, at) => texts[at]?.includes("\\p{"))).toEqual([]);
  expect(files.length).toBeGreaterThan(100);
});
