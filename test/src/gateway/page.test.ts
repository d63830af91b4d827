import { describe, expect, it } from "vitest";
import { countOf, encoded, limitOf, nameOf, optional, owner } from "../../../src/gateway/page.ts";
import { Refusal } from "../../../src/gateway/refusal.ts";

const query = (text: string): ReadonlyMap<string, string> => new Map(new URLSearchParams(text));

describe("limitOf", () => {
  it.each([
    ["", 1000],
    ["max=", 1000],
    ["max=0", 0],
    ["max=1", 1],
    ["max=1000", 1000],
    ["max=2147483647", 1000],
  ])("is at most a thousand: %s", (text, limit) => {
    expect(limitOf(query(text), "max")).toBe(limit);
  });
});

describe("countOf", () => {
  it("is what is absent where there is none", () => {
    expect(countOf(query(""), "part", 7)).toBe(7);
  });

  it.each(["-1", "1.5", "1e3", "0x1", " ", "2147483648", "99999999999"])(
    "refuses %j by the parameter's name",
    (text) => {
      expect(() => countOf(new Map([["max-parts", text]]), "max-parts", 0)).toThrow(/max-parts/);
      expect(() => countOf(new Map([["max-parts", text]]), "max-parts", 0)).toThrow(Refusal);
    },
  );
});

describe("nameOf", () => {
  const names = { Key: "a b/ü\u0001+" };

  it("leaves names as they are where nothing else is asked for", () => {
    expect(nameOf(query(""), names)).toEqual([["Key", "a b/ü\u0001+"]]);
  });

  it("encodes them for a URL, and says so first", () => {
    expect(nameOf(query("encoding-type=url"), names)).toEqual([
      ["EncodingType", "url"],
      ["Key", "a%20b/%C3%BC%01%2B"],
    ]);
  });

  it.each(["encoding-type=", "encoding-type=URL", "encoding-type=xml"])("refuses another encoding: %s", (text) => {
    expect(() => nameOf(query(text), names)).toThrow("Invalid Encoding Method");
  });
});

describe("encoded", () => {
  it("writes what decodeURIComponent reads", () => {
    const name = "~!*'()&=?#%😀\n/";
    expect(decodeURIComponent(encoded(query("encoding-type=url"), name))).toBe(name);
  });
});

describe("optional", () => {
  it("is no element for a name that is absent or empty", () => {
    expect([undefined, "", "a b"].map((name) => optional(query("encoding-type=url"), "Prefix", name))).toEqual([
      [],
      [],
      [["Prefix", "a%20b"]],
    ]);
  });
});

describe("owner", () => {
  it("has the elements that clients read", () => {
    const [[name, content] = []] = owner(["Owner"]);
    expect([name, content]).toEqual([
      "Owner",
      [
        ["ID", "unbucket"],
        ["DisplayName", "unbucket"],
      ],
    ]);
  });
});
