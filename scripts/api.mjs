/**
 * Makes the API reference, out of the comments in the sources, in the folder that is named: `node scripts/api.mjs api`.
 * A warning of typedoc, such as a link that leads nowhere, fails it. Typedoc is installed where the tests have theirs:
 * `npm ci --prefix test/declarations`.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const [out = "api"] = process.argv.slice(2);
const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
const doors = Object.values(exports).flatMap(({ types }) =>
  types ? [types.replace("./dist/", "").replace(/\.d\.ts$/, ".ts")] : [],
);
const options = ["--tsconfig", "tsconfig.build.json", "--out", out, "--treatWarningsAsErrors", "--skipErrorChecking"];
options.push(
  "--excludePrivate",
  "--excludeInternal",
  "--readme",
  "none",
  "--disableGit",
  // Parts of shapes that are told whole where they are used.
  ...["hosted", "servers", "Loan", "Bytes", "R2Answer", "R2Page", "R2Part"].flatMap((name) => [
    "--intentionallyNotExported",
    name,
  ]),
  "--sourceLinkTemplate",
  "{path}",
);
execFileSync(process.execPath, ["test/declarations/node_modules/typedoc/bin/typedoc", ...options, ...doors], {
  stdio: "inherit",
});
