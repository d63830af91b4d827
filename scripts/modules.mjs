/**
 * Writes the package's modules: one for each way into it, and the few that they share. A module for each source file would take several
 * times as long to load, and one for each set of ways that share a file half as long again. `node scripts/modules.mjs [folder]`, dist/ unless
 * told.
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

/**
 * What is shared, by how many of the ways at least: by nearly all, by the drivers, by who signs. The table of content types stays by itself,
 * since a bundler cannot tell that building it does nothing else, and would keep it with whatever it takes from the same file.
 */
const groups = [
  { name: "base", test: /\/src\/(?!type\.)/, minShareCount: 12, priority: 3 },
  { name: "core", test: /\/src\/(?!type\.|sigv4\/)/, minShareCount: 9, priority: 2 },
  { name: "signing", test: /\/src\/(sigv4|s3)\//, minShareCount: 2, priority: 1 },
];

const bundle = await rolldown({
  input: Object.fromEntries(ways.map((way) => [way, `${way}.ts`])),
  platform: "neutral",
  // Packages, and the seams: which side of one it is decides who loads this package, by the conditions in package.json.
  external: /^[^./]/,
  treeshake: { moduleSideEffects: false },
  // What groups that do not take along what their files import need, as a way in may then lie in one: its exports stay as they are.
  preserveEntrySignatures: "allow-extension",
});
await bundle.write({
  dir,
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name].js",
  codeSplitting: { groups, includeDependenciesRecursively: false },
  sourcemap: true,
  // Beside a path that is not there, as no source is shipped, Deno shows the source's line and the module's name. A URL it takes.
  sourcemapPathTransform: (source, map) => `unbucket:///${relative(".", resolve(dirname(map), source))}`,
});
await bundle.close();
for (const path of Object.values(bin)) chmodSync(join(dir, path.replace("./dist/", "")), 0o755);
