import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { root } from "../architecture/tree.ts";
import { program } from "../runtimes/install.ts";
import { installing } from "../runtimes/installing.ts";
import { packed } from "./packed.ts";

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly string[];
}

installing();

it.each([
  ["Node", async () => process.execPath, ["--enable-source-maps", "trace.mjs"]],
  ["Deno", () => program("deno"), ["run", "--no-prompt", "trace.mjs"]],
] as const)("a stack trace of the packed package leads to the line of the source under %s", async (_, path, args) => {
  const app = packed({});
  onTestFinished(() => app.remove());
  const code = `import { parseKey } from "unbucket"; try { parseKey(""); } catch (error) { console.log(error.stack); }`;
  writeFileSync(join(app.path, "trace.mjs"), code);
  const trace = execFileSync(await path(), args, { cwd: app.path, encoding: "utf8" });
  const [, line = "0"] = /unbucket:\/\/\/src\/key\.ts:(\d+):\d+/.exec(trace) ?? [];
  const text = readFileSync(join(root, "src/key.ts"), "utf8").split("\n")[Number(line) - 1];
  expect(text).toMatch(/StorageError|invalid|check/);
});

it("the maps of dist/ have the texts of the sources, which are not shipped beside them", () => {
  const maps = readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".js.map"),
  );
  const mapped = maps.flatMap((path) => {
    const { sources, sourcesContent = [] } = JSON.parse(readFileSync(join(root, "dist", path), "utf8")) as SourceMap;
    return sources.map((source, index) => ({ source, text: sourcesContent[index] }));
  });
  expect(mapped.filter(({ text }) => !text)).toEqual([]);
  expect(mapped.filter(({ source }) => !/^unbucket:\/\/\/(src|drivers|cli)\//.test(source))).toEqual([]);
  expect(mapped.length).toBeGreaterThan(150);
});
