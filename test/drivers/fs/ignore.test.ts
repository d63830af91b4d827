import { describe, expect, it } from "vitest";
import { parseIgnore } from "../../../drivers/fs/ignore.ts";

describe("parseIgnore", () => {
  it.each([
    [
      "**/node_modules/**",
      ["node_modules", "node_modules/x", "a/b/node_modules/c/d"],
      ["node_modules2/x", "a/my_node_modules"],
    ],
    ["*.tmp", ["a.tmp", "deep/er/b.tmp", ".tmp", "x.tmp/below"], ["a.tmpx", "tmp"]],
    ["cache/*", ["cache/a", "cache/a/b"], ["cache", "a/cache/b"]],
    ["a?c/x", ["abc/x", "a.c/x"], ["ac/x", "a/c/x", "abbc/x"]],
    ["a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a/xb", "ab"]],
    ["/logs/", ["logs", "logs/x"], ["a/logs"]],
    ["a.b+c", ["a.b+c"], ["axb+c", "a.bbc"]],
    ["**", ["a", "a/b"], []],
    ["/srv/up/tmp", ["tmp", "tmp/x"], ["a/tmp", "srv/up/tmp"]],
    [/\.tmp$/g, ["a.tmp", "b.tmp", "c.tmp", "d.tmp/below"], ["a.tmpx"]],
    [/^cache/y, ["cache/a", "cached", "cache"], ["a/cache"]],
    [(path: string) => path.endsWith("node_modules"), ["node_modules", "a/node_modules/b/c"], ["a/node_modules2"]],
  ])("%s", (pattern, hits, misses) => {
    const ignore = parseIgnore("ignore", [pattern], "/srv/up");
    expect(hits.filter((path) => !ignore(path))).toEqual([]);
    expect(misses.filter((path) => ignore(path))).toEqual([]);
  });

  it.each([
    ["C:\\up", "C:/up/tmp"],
    ["\\\\host\\share", "//host/share/tmp"],
  ])("Windows: knows the base %s in %s", (base, pattern) => {
    const ignore = parseIgnore("ignore", pattern, base);
    expect([ignore("tmp/x"), ignore("a/tmp")]).toEqual([true, false]);
  });

  it("takes one pattern, several, or none", () => {
    expect(parseIgnore("ignore", /x/, "/b")("x")).toBe(true);
    expect(parseIgnore("ignore", ["y", /x/], "/b")("x")).toBe(true);
    expect(parseIgnore("ignore", undefined, "/b")("x")).toBe(false);
  });

  it("says which function threw for what", () => {
    const ignore = parseIgnore(
      "watchOptions.ignored",
      () => {
        throw new Error("mine");
      },
      "/b",
    );
    expect(() => ignore("k")).toThrow(
      expect.objectContaining({ code: "invalid-option", message: expect.stringMatching(/watchOptions\.ignored.*"k"/) }),
    );
  });

  it.each([5, null, [[]], { path: "/x" }, (_path: string, _stats: object) => true])("rejects %s", (pattern) => {
    expect(() => parseIgnore("ignore", pattern as never, "/b")).toThrow(
      expect.objectContaining({ code: "invalid-option", message: expect.stringContaining("ignore takes") }),
    );
  });

  it.each(["", "*.{a,b}", "[ab]", "!x", "a\\b", "@(x)"])("rejects %j, which it would take literally", (pattern) => {
    expect(() => parseIgnore("ignore", [pattern], "/srv/up")).toThrow(
      expect.objectContaining({ code: "invalid-option" }),
    );
  });
});
