import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { root, sources } from "../architecture/tree.ts";
import { packed } from "./packed.ts";

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly string[];
}

it("a stack trace of the packed package leads to the line of the source", () => {
  const app = packed({});
  onTestFinished(() => app.remove());
  const code = `import { parseKey } from "unbucket"; try { parseKey(""); } catch (error) { console.log(error.stack); }`;
  const args = ["--enable-source-maps", "--input-type=module", "--eval", code];
  const trace = execFileSync(process.execPath, args, { cwd: app.path, encoding: "utf8" });
  const [, line = "0"] = /src\/key\.ts:(\d+):\d+/.exec(trace) ?? [];
  const text = readFileSync(join(root, "src/key.ts"), "utf8").split("\n")[Number(line) - 1];
  expect(text).toMatch(/StorageError|invalid|check/);
});

it("every module of dist/ has a map with the source's text, which is not shipped beside it", () => {
  const modules = sources("dist").filter(({ path }) => path.endsWith(".js"));
  const wrong = modules.filter(({ path }) => {
    const source = join(root, path.replace(/^dist\//, "").replace(/\.js$/, ".ts"));
    // A build that is older than a file that was taken away is no matter of maps.
    if (!existsSync(source)) return false;
    const { sources: names, sourcesContent } = JSON.parse(readFileSync(join(root, `${path}.map`), "utf8")) as SourceMap;
    return names.length !== 1 || typeof sourcesContent?.[0] !== "string" || sourcesContent[0] === "";
  });
  expect(modules.length).toBeGreaterThan(50);
  expect(wrong.map(({ path }) => path)).toEqual([]);
});
