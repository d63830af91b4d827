import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseOptions, type FsOptions } from "../../../drivers/fs/options.ts";

describe("parseOptions", () => {
  it("resolves the base against the working directory and tolerates a driver key", () => {
    const options = Object.freeze({ base: "some/where", driver: "unbucket/drivers/fs", publicUrl: "/files//" });
    expect(parseOptions(options)).toMatchObject({ base: resolve("some/where"), publicUrl: "/files", readOnly: false });
  });

  it("takes the options that unstorage's own driver has", () => {
    const ignore = ["**/node_modules/**", /\.git/, (path: string) => path === "x"];
    const settings = parseOptions({ base: "x", ignore, atomic: true, watchOptions: { ignored: "*.tmp" } });
    for (const path of ["a/node_modules/b", ".git", "x"]) expect(settings.ignore(path)).toBe(true);
    expect([settings.ignore("a.tmp"), settings.watch.ignored("a.tmp")]).toEqual([false, true]);
  });

  it.each<[string, object | undefined]>([
    ["no options", undefined],
    ["no base", {}],
    ["an empty base", { base: "" }],
    ["a base that is a URL object", { base: new URL("file:///x") }],
    ["an unknown name", { base: "x", watchOption: true }],
    ["a word for a boolean", { base: "x", readOnly: "yes" }],
    ["a mode as text", { base: "x", mode: "644" }],
    ["a mode that is too large", { base: "x", mode: 0o1777 }],
    ["a publicUrl without a scheme", { base: "x", publicUrl: "cdn.example.com" }],
    ["a publicUrl with a query", { base: "x", publicUrl: "https://cdn.example.com/?a=1" }],
    ["a publicUrl that a browser would run", { base: "x", publicUrl: "javascript:alert(1)//" }],
    ["an observer that is no function", { base: "x", onEvent: "log" }],
    ["an ignore that is a number", { base: "x", ignore: 5 }],
    ["atomic: false, which no write is", { base: "x", atomic: false }],
    ["a watch option that chokidar does not have", { base: "x", watchOptions: { ignores: [] } }],
    ["null", { base: "x", mode: null }],
  ])("rejects %s", (_, options) => {
    expect(() => parseOptions(options as FsOptions)).toThrow(expect.objectContaining({ code: "invalid-option" }));
  });
});
