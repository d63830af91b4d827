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
  ])("%s", (pattern, hits, misses) => {
    const ignore = parseIgnore([pattern]);
    expect(hits.filter((path) => !ignore(path))).toEqual([]);
    expect(misses.filter((path) => ignore(path))).toEqual([]);
  });

  it.each(["", "*.{a,b}", "[ab]", "!x", "a\\b", "@(x)"])("rejects %j, which it would take literally", (pattern) => {
    expect(() => parseIgnore([pattern])).toThrow(expect.objectContaining({ code: "invalid-option" }));
  });
});
