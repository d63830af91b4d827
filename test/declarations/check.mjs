/**
 * Type-checks an app under several compiler options with the API of TypeScript 5 or 6:
 * `node check.mjs path/of/typescript path/of/app settings` prints `name: file(line): message` for what is wrong in the app's own
 * files and in the package's declarations. Those of other packages are not ours to judge, and cost most of the time.
 */
import { createRequire } from "node:module";
import { basename, join } from "node:path";

const [compiler = "", app = "", settings = "[]"] = process.argv.slice(2);
/** @type {typeof import("typescript")} */
const ts = createRequire(import.meta.url)(compiler);
const parsed = new Map();

for (const { name, files, compilerOptions } of JSON.parse(settings)) {
  const { options, errors } = ts.convertCompilerOptionsFromJson(compilerOptions, app);
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile;
  // What others wrote is the same under all options but for how modules are told apart.
  host.getSourceFile = (file, language, ...rest) => {
    const key = `${file} ${typeof language === "object" ? language.impliedNodeFormat : ""}`;
    if (!file.includes("/node_modules/")) return read(file, language, ...rest);
    if (!parsed.has(key)) parsed.set(key, read(file, language, ...rest));
    return parsed.get(key);
  };
  const program = ts.createProgram(
    files.map((file) => join(app, file)),
    options,
    host,
  );
  const ours = program
    .getSourceFiles()
    .filter(({ fileName }) => /\/node_modules\/unbucket\//.test(fileName) || !fileName.includes("/node_modules/"));
  if (!ours.some(({ fileName }) => fileName.endsWith("/unbucket/dist/src/index.d.ts"))) {
    throw new Error(`${name}: the package was not found`);
  }
  const found = [
    ...errors,
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
  for (const { file, start, messageText } of found) {
    const line = file ? `${basename(file.fileName)}(${file.getLineAndCharacterOfPosition(start).line + 1})` : "options";
    console.log(`${name}: ${line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`);
  }
}
