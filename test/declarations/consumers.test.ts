import { execFile } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../architecture/tree.ts";
import { installed } from "../runtimes/install.ts";
import { type App, packed } from "./packed.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const run = promisify(execFile);

const nodenext = { module: "nodenext", moduleResolution: "nodenext" };
const bundler = { module: "esnext", moduleResolution: "bundler" };

/** What consumers have beside the language itself. None of them skips the check of declarations. */
const environments: Readonly<Record<string, object>> = {
  "the DOM, nodenext": { types: [], lib: ["ES2022", "DOM"], ...nodenext },
  "the DOM, bundler": { types: [], lib: ["ES2022", "DOM"], ...bundler },
  "Workers types, bundler": { types: ["@cloudflare/workers-types"], lib: ["ES2022"], ...bundler },
  "Node 20 types, nodenext": { types: ["node"], typeRoots: ["./node20"], lib: ["ES2022"], ...nodenext },
  "newest Node types, nodenext": { types: ["node"], lib: ["ES2022"], ...nodenext },
  "the DOM and Node types, nodenext": { types: ["node"], lib: ["ES2022", "DOM", "DOM.AsyncIterable"], ...nodenext },
  "Bun types, bundler": { types: ["bun-types"], lib: ["ES2022"], ...bundler },
};
const strict = { strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: false, target: "ES2022" };
const files = ["doors.ts", "mounts.ts", "optional.ts", "errors.ts"];
const settings = Object.entries(environments).map(([name, compilerOptions]) => ({
  ...{
    name,
    files: name.startsWith("the DOM and Node") ? [...files, "pipeline.ts"] : files,
    compilerOptions: { ...strict, ...compilerOptions },
  },
}));

let app: App;
let modules = "";
/** Lines of errors.ts that no compiler may accept. */
let refused: readonly number[] = [];

beforeAll(async () => {
  modules = await installed(here);
  app = packed({
    "node_modules/@cloudflare/workers-types": join(modules, "@cloudflare/workers-types"),
    "node_modules/@types/node": join(modules, "@types/node"),
    "node_modules/bun-types": join(modules, "bun-types"),
    "node20/node": join(modules, "node20-types"),
  });
  const { exports } = JSON.parse(readFileSync(join(app.pack, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string | object>>;
  };
  const doors = Object.keys(exports).filter((path) => typeof exports[path] === "object");
  const lines = doors.map(
    (path, at) => `import * as door${at} from "${path.replace(/^\./, "unbucket")}";\nvoid door${at};`,
  );
  // What the contract and the interface speak of can be named.
  const named = "Key, MultipartBackend, PartPlan, PendingUpload, PresignedUpload, StoredPart, UploadState";
  lines.push(`import type { ${named} } from "unbucket";`, `export type Named = [${named}];`);
  writeFileSync(join(app.path, "doors.ts"), lines.join("\n"));
  for (const file of ["mounts.ts", "optional.ts", "errors.ts", "pipeline.ts"])
    copyFileSync(join(here, "consumer", file), join(app.path, file));
  const text = readFileSync(join(app.path, "errors.ts"), "utf8").split("\n");
  refused = text.flatMap((line, at) => (line.includes("@must-fail") ? [at + 2] : []));
}, 600_000);
afterAll(() => app?.remove());

/** The complaints that there must be: one for each line of errors.ts that is marked, under every setting. */
function expected(names: readonly string[]): string[] {
  return names.flatMap((name) => refused.map((line) => `${name}: errors.ts(${line})`)).sort();
}

function places(output: string): string[] {
  return output
    .trim()
    .split("\n")
    .map((line) => (/: errors\.ts\((\d+)\)/.test(line) ? line.replace(/^(.*?: errors\.ts\(\d+\)).*$/, "$1") : line))
    .filter((line) => line !== "")
    .sort();
}

describe("the packed package type-checks", () => {
  it.each([
    ["5.9", "typescript"],
    ["6", "typescript6"],
  ])(
    "by TypeScript %s in every environment, and mounts in both majors of unstorage",
    { timeout: 600_000 },
    async (version, name) => {
      const compiler = join(modules, name);
      const { version: found } = JSON.parse(readFileSync(join(compiler, "package.json"), "utf8")) as {
        readonly version: string;
      };
      expect(found.startsWith(`${version}.`)).toBe(true);
      const args = [join(here, "check.mjs"), compiler, app.path, JSON.stringify(settings)];
      const { stdout } = await run(process.execPath, args, { cwd: app.path, maxBuffer: 2 ** 24 });
      expect(places(stdout)).toEqual(expected(settings.map((setting) => setting.name)));
    },
  );

  it("by TypeScript 7 in every environment, and mounts in both majors of unstorage", { timeout: 600_000 }, async () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const found: string[] = [];
    for (const { name, compilerOptions } of settings) {
      const project = join(app.path, "tsconfig.json");
      writeFileSync(project, JSON.stringify({ compilerOptions, files }));
      const { stdout } = await run(process.execPath, [tsc, "-p", project, "--pretty", "false"], {
        cwd: app.path,
        maxBuffer: 2 ** 24,
      }).catch((error: { readonly stdout: string }) => error);
      const lines = stdout
        .split("\n")
        .filter((line) => /^\S/.test(line) && (!line.includes("node_modules/") || /unbucket\/dist/.test(line)));
      found.push(...lines.map((line) => `${name}: ${line.replace(/^(\w+\.ts\(\d+),\d+\)/, "$1)")}`));
    }
    expect(places(found.join("\n"))).toEqual(expected(settings.map((setting) => setting.name)));
  });
});
