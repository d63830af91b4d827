/**
 * Writes the package's modules: one for each way into it, and the few that they share. A module for each source file would take several
 * times as long to load. `node scripts/modules.mjs [folder]`, dist/ unless told.
 */
import { chmodSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { rolldown } from "rolldown";

const [, , dir = "dist"] = process.argv;
const { exports, imports, bin } = JSON.parse(readFileSync("package.json", "utf8"));

/** What package.json names, without `./dist/` and `.js`: the command, each side of the seams, what users import. */
const ways = [bin, ...Object.values(imports), ...Object.values(exports)]
  .flatMap((entry) => Object.values(entry))
  .flatMap((path) => /^\.\/dist\/(.*)\.js$/.exec(path)?.[1] ?? []);

const bundle = await rolldown({
  input: Object.fromEntries(ways.map((way) => [way, `${way}.ts`])),
  platform: "neutral",
  // Packages, and the seams: which side of one it is decides who loads this package, by the conditions in package.json.
  external: /^[^./]/,
  treeshake: { moduleSideEffects: false },
});
await bundle.write({
  dir,
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name].js",
  sourcemap: true,
  // Beside a path that is not there, as no source is shipped, Deno shows the source's line and the module's name. A URL it takes.
  sourcemapPathTransform: (source, map) => `unbucket:///${relative(".", resolve(dirname(map), source))}`,
});
await bundle.close();
for (const path of Object.values(bin)) chmodSync(join(dir, path.replace("./dist/", "")), 0o755);
