/**
 * Makes test/src/sigv4/botocore.json: botocore's signatures of the generated requests. Run it when the requests change, with a
 * Python that has botocore: `node scripts/botocore.mjs python3`.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const COUNT = 1000;
const folder = fileURLToPath(new URL("../test/src/sigv4/", import.meta.url));
const [python = "python3"] = process.argv.slice(2);

const { outputFiles } = await build({
  entryPoints: [`${folder}requests.ts`],
  bundle: true,
  format: "esm",
  write: false,
});
const source = Buffer.from(outputFiles[0]?.text ?? "").toString("base64");
const { date, expiryOf, presignable, request, signerOf } = await import(`data:text/javascript;base64,${source}`);

/**
 * @param {(seed: number) => object} make
 * @returns {string[]}
 */
function signatures(make) {
  const lines = Array.from({ length: COUNT }, (_, index) =>
    JSON.stringify({ ...make(index + 1), ...signerOf(index + 1), date: date.toISOString().replace("Z", "+00:00") }),
  );
  return execFileSync(python, [`${folder}oracle.py`], { input: lines.join("\n"), encoding: "utf8" })
    .trim()
    .split("\n");
}

const version = execFileSync(python, ["-c", "import botocore; print(botocore.__version__)"], {
  encoding: "utf8",
}).trim();
const headers = signatures(request);
const urls = signatures((seed) => ({ ...presignable(seed), expires: expiryOf(seed) }));
writeFileSync(`${folder}botocore.json`, `${JSON.stringify({ version, headers, urls }, null, 1)}\n`);
