import { expect, test } from "vitest";
import { guard } from "../../../src/guard.ts";
import { acceptor, fileType, specificType } from "../../../src/guard/accept.ts";

test("acceptor takes exact types under every name they have, and wildcards", () => {
  const allowed = acceptor(["IMAGE/JPG", "video/*", "application/pdf"]);
  expect(["image/jpeg", "video/mp4", "application/pdf"].map((type) => allowed(type, true))).toEqual([true, true, true]);
  expect(["image/png", "videos/mp4", "application/zip"].map((type) => allowed(type, true))).toEqual([
    false,
    false,
    false,
  ]);
});

test("acceptor allows all without a list and nothing with an empty one", () => {
  expect(acceptor(undefined)("text/html", false)).toBe(true);
  expect(acceptor([])("image/png", true)).toBe(false);
});

test.each(["image/*", 5, {}, [5], [null]])("acceptor refuses %j, which is no list of types", (wrong) => {
  const refused = expect.objectContaining({ code: "invalid-option", message: expect.stringMatching(/^types/) });
  expect(() => acceptor(wrong as unknown as string[])).toThrow(refused);
});

test("acceptor covers active types by exact name only", () => {
  expect(acceptor(["image/*", "*/*"])("image/svg+xml", true)).toBe(false);
  expect(acceptor(["image/svg+xml"])("image/svg+xml", true)).toBe(true);
});

test("acceptor covers types that nothing verifies by exact name only", () => {
  for (const types of [["image/*"], ["*/*"]]) {
    expect(acceptor(types)("image/x-own", false)).toBe(false);
    expect(acceptor([...types, "image/x-own"])("image/x-own", false)).toBe(true);
  }
});

test.each(["*/png", "image/p*", "*", "im*ge/png", "image/**", "**/*"])("acceptor refuses the pattern %j", (pattern) => {
  expect(() => acceptor([pattern])).toThrow(expect.objectContaining({ code: "invalid-option" }));
});

test("fileType reads no pattern as a type", () => {
  expect(["image/PNG", "image/*", "*/*", "image/p*g", "png"].map(fileType)).toEqual([
    "image/png",
    null,
    null,
    null,
    null,
  ]);
});

test.each([
  ["image/jpg", "image/jpeg"],
  ["text/XML; charset=x", "application/xml"],
  ["application/octet-stream", null],
  ["", null],
  [undefined, null],
])("specificType reads %j as %j", (type, specific) => {
  expect(specificType(type)).toBe(specific);
});

test("guard covers a type that content does not show by its exact name only, or when `detect` shows it", async () => {
  const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const file = { body: new Uint8Array([0, 1, 2]), type: "image/x-evil" };
  for (const types of [["image/*"], ["*/*"]]) {
    const error = await guard(file, { types }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reason: "type", message: expect.stringContaining("content does not show it") });
    await expect(guard(file, { types, detect: () => null })).rejects.toMatchObject({ reason: "type" });
    await expect(guard(file, { types, detect: () => "image/*" })).rejects.toMatchObject({ reason: "type" });
    await expect(guard({ ...file, body: PNG }, { types })).rejects.toMatchObject({ reason: "type" });
    for (const options of [{ types: [...types, "image/x-evil"] }, { types, detect: () => "image/x-evil" }])
      expect((await guard(file, options)).contentType).toBe("image/x-evil");
  }
  expect((await guard(file)).contentType).toBe("image/x-evil");
});

test("guard covers text, which is looked at, and bytes of no known type under a wildcard", async () => {
  expect((await guard({ body: "a,b", type: "text/csv" }, { types: ["text/*"] })).contentType).toBe("text/csv");
  const unknown = await guard({ body: new Uint8Array([0, 1, 2]) }, { types: ["*/*"] });
  expect(unknown.contentType).toBe("application/octet-stream");
});
