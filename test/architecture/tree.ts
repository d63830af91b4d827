/** The project's own files as the rules of the house see them: paths from the root, text, and what each imports. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** One TypeScript or JavaScript file. */
export interface SourceFile {
  /** From the root, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The text with comments, strings and templates blanked out, so that only code is left to search. */
  readonly code: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

/** One import, export-from or dynamic import. */
export interface Import {
  /** A path from the root for a relative import, else the specifier as written. */
  readonly target: string;
  /** Whether it is erased, so that nothing is loaded. */
  readonly type: boolean;
}

const skipped = new Set(["node_modules", "dist", ".git", ".nuxt", ".output", ".nitro", ".data", "uploads"]);

/** Reads every source file below the given folders. */
export function sources(...folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => walk(folder))
    .filter((path) => /\.[cm]?[jt]s$/.test(path))
    .map(read);
}

function walk(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : walk(path);
    return entry.isFile() ? [path] : [];
  });
}

function read(path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  return { path, text, code: codeOf(text), lines, imports: importsOf(path, text) };
}

/** Blanks comments and the inside of strings and templates; a quote in a regular expression ends at its line. */
export function codeOf(text: string): string {
  const noise = /\/\*[^]*?\*\/|(?<![:\\/])\/\/.*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
  return text.replace(noise, (match) => (match.startsWith("/") ? "" : '""'));
}

/** Finds imports in the form that the formatter gives them. */
export function importsOf(path: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (specifier: string, type: boolean): void => {
    const relative = specifier.startsWith(".");
    found.push({ target: relative ? posix.join(posix.dirname(path), specifier) : specifier, type });
  };
  const withoutComments = text.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
  const statement = /^(?:import|export)(\s+type)?\b(?:[^;"]|"(?=[^"]*" as))*?\bfrom\s+"([^"]+)"/gm;
  for (const [, type, specifier = ""] of withoutComments.matchAll(statement)) add(specifier, type !== undefined);
  for (const [, specifier = ""] of withoutComments.matchAll(/^import\s+"([^"]+)"/gm)) add(specifier, false);
  for (const [, specifier = ""] of withoutComments.matchAll(/\bimport\(\s*"([^"]+)"/g)) add(specifier, false);
  return found;
}
