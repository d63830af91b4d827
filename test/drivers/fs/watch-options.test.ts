import { describe, expect, it } from "vitest";
import { parseWatchOptions, type WatchOptions } from "../../../drivers/fs/watch-options.ts";

const parse = (options?: WatchOptions) => parseWatchOptions("/srv/up", options);

describe("parseWatchOptions", () => {
  it("has the defaults of unstorage's own driver", () => {
    expect(parse()).toMatchObject({ initial: false, persistent: true, settle: 20, rest: false, passDenied: false });
    expect(parse().ignored("a/b/c")).toBe(false);
  });

  it.each<[WatchOptions, object]>([
    [{ ignoreInitial: false }, { initial: true }],
    [{ persistent: false }, { persistent: false }],
    [{ atomic: true }, { settle: 100, rest: false }],
    [{ atomic: 250 }, { settle: 250 }],
    [{ atomic: false }, { settle: 20 }],
    [{ awaitWriteFinish: true }, { settle: 2000, rest: true }],
    [{ awaitWriteFinish: { stabilityThreshold: 50, pollInterval: 10 } }, { settle: 50, rest: true }],
    [{ awaitWriteFinish: false }, { settle: 20, rest: false }],
    [{ awaitWriteFinish: { stabilityThreshold: undefined } }, { settle: 2000, rest: true }],
    [
      { ignoreInitial: undefined, persistent: undefined, atomic: undefined },
      { initial: false, persistent: true, settle: 20 },
    ],
    [{ ignorePermissionErrors: true }, { passDenied: true }],
    [{ followSymlinks: false, usePolling: false, interval: 5, binaryInterval: 5, alwaysStat: true }, { settle: 20 }],
  ])("reads %j", (options, settings) => {
    expect(parse(options)).toMatchObject(settings);
  });

  it("counts depth from the base, and takes the patterns of ignore", () => {
    const { ignored } = parse({ depth: 1, ignored: ["*.tmp", /secret/] });
    expect(["a", "a/b", "a/b/c", "a.tmp", "a/secret"].map(ignored)).toEqual([false, false, true, true, true]);
  });

  it.each<[string, object]>([
    ["followSymlinks", { followSymlinks: true }],
    ["usePolling", { usePolling: true }],
    ["ignoreInitial", { ignoreInitial: "yes" }],
    ["depth", { depth: -1 }],
    ["awaitWriteFinish", { awaitWriteFinish: 5 }],
    ["stabilityThreshold", { awaitWriteFinish: { stabilityThreshold: "5" } }],
    ["stability", { awaitWriteFinish: { stability: 5 } }],
    ["atomic", { atomic: -1 }],
    ["cwd", { cwd: "/srv" }],
    ["ignored", { ignored: (_path: string, _stats: object) => true }],
    ["persistent", { persistent: null }],
  ])("refuses what it cannot do, by name: %s", (name, options) => {
    expect(() => parse(options as WatchOptions)).toThrow(
      expect.objectContaining({ code: "invalid-option", message: expect.stringContaining(name) }),
    );
  });
});
