import { describe, expect, it } from "vitest";
import type { ObjectHeaders } from "../../src/backend.ts";
import {
  driverOptions,
  emptyMetadata,
  knownOptions,
  objectHeaders,
  prefixed,
  publicBase,
  refuse,
  requestHeaders,
  sent,
  userMetadata,
  wholeNumber,
  withoutMark,
} from "../../src/options.ts";

describe("wholeNumber", () => {
  it("gives what is within bounds", () => {
    expect(wholeNumber("n", 1, 1, 3)).toBe(1);
    expect(wholeNumber("n", 3, 1, 3)).toBe(3);
  });

  it.each([0, 4, 1.5, Number.NaN, Infinity, "2", null, undefined, 2n])("refuses %s by the option's name", (value) => {
    expect(() => wholeNumber("parts", value as number, 1, 3)).toThrow(/parts must be a whole number from 1 to 3/);
  });
});

describe("knownOptions", () => {
  it("passes what is known, and undefined", () => {
    expect(() => knownOptions({ a: 0, b: undefined }, { a: 1, b: "string" })).not.toThrow();
  });

  it.each<[unknown, string]>([
    [{ a: 1, aa: 1 }, '"aa" is no option here, only a, b'],
    [{ toString: 1 }, '"toString" is no option here, only a, b'],
    [{ driver: 1 }, '"driver" is no option here, only a, b'],
    [{ a: null }, "a must not be null"],
    [{ b: null }, "b must not be null"],
    [{ b: 5 }, "b must be of type string"],
    [null, "options must be an object"],
    ["a", "options must be an object"],
  ])("refuses %j", (options, message) => {
    expect(() => knownOptions(options as object, { a: 1, b: "string" })).toThrow(
      expect.objectContaining({ code: "invalid-option", message }),
    );
  });
});

describe("requestHeaders", () => {
  it("lower-cases names and trims values", () => {
    expect(requestHeaders({ "X-A": " b ", c: "" })).toEqual({ "x-a": "b", c: "" });
  });

  it.each<[unknown, string]>([
    ["x-a", "headers must be a plain object"],
    [new Headers({ "x-a": "b" }), "headers must be a plain object"],
    [[["x-a", "b"]], "headers must be a plain object"],
    [{ "x a": "b" }, 'headers "x a" is no header name'],
    [{ "": "b" }, 'headers "" is no header name'],
    [{ "x-a": 1 }, "headers x-a must be printable ASCII"],
    [{ "x-a": "é" }, "headers x-a must be printable ASCII"],
    [{ "Content-Type": "a/b" }, "headers content-type has an option of its own"],
    [{ "if-match": '"e"' }, "headers if-match has an option of its own"],
    [{ authorization: "x" }, "headers authorization has an option of its own, or is set by signing or the connection"],
    [
      { "Transfer-Encoding": "chunked" },
      "headers transfer-encoding has an option of its own, or is set by signing or the connection",
    ],
    [{ expect: "100-continue" }, "headers expect has an option of its own"],
    [{ te: "trailers" }, "headers te has an option of its own"],
    [{ "x-amz-metadata-directive": "REPLACE" }, "headers x-amz-metadata-directive has an option of its own, or is set"],
  ])("refuses %j", (headers, message) => {
    expect(() => requestHeaders(headers as Record<string, string>)).toThrow(
      expect.objectContaining({ code: "invalid-option", message: expect.stringContaining(message) }),
    );
  });

  it("never repeats a value that it refuses", () => {
    expect(() => requestHeaders({ "x-key": "CANARY\n" })).toThrow(/^(?!.*CANARY)headers x-key/);
  });
});

it("prefixed puts a prefix further in, and lets what is none through to be refused there", () => {
  const full = (rest: string): string => `in/${rest}`;
  expect(prefixed({ prefix: "a", limit: 1 } as object, full)).toEqual({ prefix: "in/a", limit: 1 });
  expect(prefixed({}, full)).toEqual({ prefix: "in/" });
  for (const given of [null, { prefix: null }, { prefix: 5 }] as unknown as { prefix?: string }[])
    expect(prefixed(given, full)).toBe(given);
});

describe("objectHeaders", () => {
  it("passes on what is given and leaves out the rest", () => {
    expect(objectHeaders({ contentType: "a/b", cacheControl: "no-store" })).toEqual({
      contentType: "a/b",
      cacheControl: "no-store",
    });
    expect(Object.keys(objectHeaders({}))).toEqual([]);
  });

  it.each<keyof ObjectHeaders>([
    "contentType",
    "contentEncoding",
    "contentLanguage",
    "contentDisposition",
    "cacheControl",
  ])("refuses by name what %s cannot be", (name) => {
    for (const value of ["", " a", "a ", "a\r\nb: c", "é", "\u0000", 5]) {
      expect(() => objectHeaders({ [name]: value })).toThrow(
        expect.objectContaining({ code: "invalid-option", message: expect.stringContaining(name) }),
      );
    }
  });
});

describe("userMetadata", () => {
  it("lower-cases names and keeps any text", () => {
    const checked = userMetadata({
      "X-Note": "naïve 漢字 😀",
      empty: "",
      ["__proto__"]: "p",
    });
    expect({ ...checked }).toMatchObject({ "x-note": "naïve 漢字 😀", empty: "" });
    expect(Object.keys(checked)).toContain("__proto__");
    expect(Object.getPrototypeOf(checked)).toBeNull();
  });

  it("refuses what is no plain object, of which nothing would be stored", () => {
    for (const wrong of [new Map([["a", "b"]]), new Headers({ a: "b" }), ["a"], "a", "", 0, 5])
      expect(() => userMetadata(wrong as unknown as Record<string, string>)).toThrow(
        expect.objectContaining({
          code: "invalid-option",
          message: expect.stringMatching(/^metadata must be a plain/),
        }),
      );
  });

  it("takes the mark of a write from a client of a gateway alone", () => {
    const metadata = { "unbucket-write": "x", a: "1" };
    expect(() => userMetadata(metadata)).toThrow(
      "metadata unbucket-write is how drivers mark their writes: use another name",
    );
    expect({ ...userMetadata(sent(metadata)) }).toEqual(metadata);
    // The metadata of another object, as a server of a gateway sees it, can be given to the next one: R2's mark, and S3's.
    const id = crypto.randomUUID();
    for (const mark of [id, id.replaceAll("-", "")])
      expect({ ...userMetadata({ ...metadata, "unbucket-write": mark }) }).toEqual({ a: "1" });
    expect(withoutMark({ cacheControl: "c", metadata })).toEqual({ cacheControl: "c", metadata: { a: "1" } });
    expect(withoutMark({ cacheControl: "c" })).toEqual({ cacheControl: "c" });
  });

  it("cannot be changed afterwards", () => {
    const given = { a: "1" };
    const checked = userMetadata(given) as Record<string, string>;
    given.a = "2";
    expect(checked["a"]).toBe("1");
    expect(() => (checked["a"] = "3")).toThrow(TypeError);
  });

  it("says which characters a name has, and takes those", () => {
    const signs = "!#$%&'*+-.^_`|~";
    expect(() => userMetadata({ "a b": "x" })).toThrow(`must be letters, digits and ${signs}`);
    expect(Object.keys(userMetadata({ [`a1${signs}`]: "x" }))).toEqual([`a1${signs}`]);
  });

  it.each<Record<string, unknown>>([
    { "a b": "x" },
    { "": "x" },
    { "a:b": "x" },
    { ü: "x" },
    { a: "x\ny" },
    { a: "\u0000" },
    { a: "\u007f" },
    { a: "\ud800" },
    { a: " x" },
    { a: "x " },
    { a: 5 },
    { a: null },
    { a: "1", A: "2" },
    { "unbucket-write": "x" },
    { "Unbucket-Write": "" },
  ])("refuses %j", (metadata) => {
    expect(() => userMetadata(metadata as Record<string, string>)).toThrow(
      expect.objectContaining({ code: "invalid-option" }),
    );
  });

  it("holds 2048 bytes of names and values together, counted as UTF-8", () => {
    expect(() => userMetadata({ ab: "é".repeat(1023) })).not.toThrow();
    expect(() => userMetadata({ abc: "é".repeat(1023) })).toThrow(/2049 bytes/);
  });
});

it("emptyMetadata takes any name", () => {
  const metadata = emptyMetadata();
  metadata["__proto__"] = "x";
  expect(Object.keys(metadata)).toEqual(["__proto__"]);
});

it("refuse names the option and says why", () => {
  expect(refuse("bucket", "is missing")).toMatchObject({ code: "invalid-option", message: "bucket is missing" });
});

describe("driverOptions and publicBase", () => {
  const types = { name: "string", flag: "boolean", other: 1 } as const;

  it("take what has the type, what is checked elsewhere, what is undefined, and the driver's name", () => {
    driverOptions({ name: "", flag: false, other: [], driver: "x" }, types);
    driverOptions({ name: undefined }, types);
    expect(publicBase("https://cdn.example/a//")).toBe("https://cdn.example/a");
    expect([publicBase(""), publicBase(undefined)]).toEqual([undefined, undefined]);
  });

  it.each([[{ flag: "false" }], [{ flag: 0 }], [{ name: 3 }], [{ name: null }], [{ nam: "x" }], [null]])(
    "driverOptions refuses %j",
    (options) => {
      expect(() => driverOptions(options as object, types)).toThrow(
        expect.objectContaining({ code: "invalid-option" }),
      );
    },
  );

  it.each([
    "cdn.example",
    "//cdn.example/a",
    "javascript:alert(1)//",
    "https://h/?a",
    "/a#b",
    "/a b",
    "https://",
    "ftp://h",
  ])("publicBase refuses %s", (url) => {
    expect(() => publicBase(url)).toThrow(/^publicUrl must be/);
  });
});

it("objectHeaders takes null, which a request's missing header is, for absent", () => {
  const nulls = {
    cacheControl: null,
    contentLanguage: null,
    contentType: null,
    metadata: null,
  } as unknown as ObjectHeaders;
  expect(objectHeaders(nulls, "text/plain")).toEqual({ contentType: "text/plain" });
});
