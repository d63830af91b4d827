/**
 * Reads the declarations of a built package with the compiler's own API, from each door of its `exports` on:
 * `node surface.mjs path/of/typescript path/of/package` prints `{ text, undocumented, exact }` as JSON. `text` has every export of
 * every door and every declaration that they speak of, without comments; `undocumented` names exports and members that no
 * comment describes; `exact` names members that may be left out but not be undefined.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, resolve } from "node:path";

const [compiler = "", folder = ""] = process.argv.slice(2);
/** @type {typeof import("typescript")} */
const ts = createRequire(import.meta.url)(compiler);
const root = resolve(folder);
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const doors = Object.entries(manifest.exports)
  .filter(([, target]) => target.types)
  .map(([path, { types }]) => ({ name: path.replace(/^\./, manifest.name), file: join(root, types) }));

const program = ts.createProgram(
  doors.map(({ file }) => file),
  {
    ...{ strict: true, noEmit: true, types: [], lib: ["lib.es2023.d.ts", "lib.dom.d.ts"] },
    ...{ target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext },
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  },
);
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true });
const ours = (node) => node.getSourceFile().fileName.startsWith(`${root}/dist/`);
const aliased = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
const documented = (symbol) => ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() !== "";

/** Where a declaration stands, without what the build adds to the path. */
const placeOf = (node) => relative(join(root, "dist"), node.getSourceFile().fileName).replace(/\.d\.ts$/, ".ts");

/** @type {Map<string, Map<string, string>>} file -> name -> text */
const declarations = new Map();
const undocumented = new Set();
const exact = new Set();
const seen = new Set();

/** Takes a declaration and all that it speaks of. */
function take(symbol) {
  if (seen.has(symbol)) return;
  seen.add(symbol);
  const nodes = (symbol.declarations ?? []).filter(ours);
  for (const declared of nodes) {
    const node = ts.isVariableDeclaration(declared) ? declared.parent.parent : declared;
    if (ts.isSourceFile(node) || ts.isModuleDeclaration(node)) continue;
    const name = symbol.name === "default" && node.name ? node.name.text : symbol.name;
    const place = placeOf(node);
    if (!declarations.has(place)) declarations.set(place, new Map());
    const texts = declarations.get(place);
    const text = printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile());
    // Overloads are several declarations of one name.
    texts.set(name, [texts.get(name), text].filter(Boolean).join("\n"));
    if (!documented(symbol)) undocumented.add(`${place}: ${name}`);
    judge(node, `${place}: ${name}`);
    compare(node, `${place}: ${name}`);
    follow(node);
  }
}

/** Notes members without a description. What is written inside another type is described by the member that has it. */
function judge(node, path) {
  if (!ts.isInterfaceDeclaration(node) && !ts.isClassDeclaration(node)) return;
  for (const member of node.members) {
    if (!member.name || isPrivate(member)) continue;
    const symbol = checker.getSymbolAtLocation(member.name);
    if (symbol && !documented(symbol)) undocumented.add(`${path}.${symbol.name}`);
  }
}

/** Notes members that may be left out but not be undefined: `exactOptionalPropertyTypes` tells the two apart. */
function compare(node, path) {
  const isOptional = (ts.isPropertySignature(node) || ts.isPropertyDeclaration(node)) && node.questionToken;
  const isMapped = ts.isMappedTypeNode(node) && node.questionToken;
  if ((isOptional || isMapped) && !mayBeUndefined(node.type)) exact.add(path);
  if (ts.isTypeReferenceNode(node) && node.typeName.getText() === "Partial") exact.add(path);
  ts.forEachChild(node, (child) =>
    compare(child, child.name && isMember(child) ? `${path}.${child.name.getText()}` : path),
  );
}

const UNDEFINED = [ts.SyntaxKind.UndefinedKeyword, ts.SyntaxKind.UnknownKeyword, ts.SyntaxKind.AnyKeyword];

const mayBeUndefined = (type) =>
  UNDEFINED.includes(type.kind) || (ts.isUnionTypeNode(type) && type.types.some(mayBeUndefined));

const isMember = (node) => ts.isTypeElement(node) || ts.isClassElement(node);

const isPrivate = (node) =>
  ts.isPrivateIdentifier(node.name) || Boolean(ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private);

/** Takes every declaration of the package that a node names. */
function follow(node) {
  if (ts.isIdentifier(node)) {
    const symbol = checker.getSymbolAtLocation(node);
    const target = symbol && aliased(symbol);
    const [declared] = target?.declarations ?? [];
    if (declared && ours(declared) && isTopLevel(declared)) take(target);
  }
  ts.forEachChild(node, follow);
}

function isTopLevel(node) {
  return ts.isSourceFile((ts.isVariableDeclaration(node) ? node.parent.parent : node).parent ?? node);
}

const lines = [];
for (const { name, file } of doors) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file));
  const exported = checker.getExportsOfModule(module);
  lines.push(
    `// ${name}: ${exported
      .map((symbol) => symbol.name)
      .sort()
      .join(", ")}`,
  );
  for (const symbol of exported) take(aliased(symbol));
}
for (const [place, texts] of [...declarations].sort(([a], [b]) => (a < b ? -1 : 1))) {
  lines.push("", `// ${place}`, ...[...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text));
}
process.stdout.write(
  JSON.stringify({ text: `${lines.join("\n")}\n`, undocumented: [...undocumented].sort(), exact: [...exact].sort() }),
);
