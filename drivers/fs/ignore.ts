/** Which keys a listing and a watch leave out. */
import { StorageError } from "../../src/error.ts";
import { refuse } from "../../src/options.ts";

/** Says whether a key, or a folder's path without its last `/`, is left out. */
export type Ignore = (path: string) => boolean;

/** A glob, or a test of the path below the base, written with `/`. */
export type Pattern = string | RegExp | ((path: string) => boolean);

/**
 * Turns patterns into one test. What lies below a match is left out with it. Globs are those of .gitignore: `*` and `?` stay within a
 * segment, `**` is any number of segments, a pattern without `/` is a name at any depth, a leading dot is nothing special. A pattern that
 * begins with the base itself counts from there. Other forms of globs are refused: taken literally they would show what was to be hidden.
 */
export function parseIgnore(option: string, given: Pattern | readonly Pattern[] = [], base: string): Ignore {
  const patterns = Array.isArray(given) ? (given as readonly Pattern[]) : [given as Pattern];
  const tests = patterns.map((pattern) => toTest(option, pattern, base));
  return (path) => tests.some((test) => test(path));
}

function toTest(option: string, pattern: Pattern, base: string): Ignore {
  if (typeof pattern === "function") {
    if (pattern.length > 1) throw refuse(option, "takes functions of the path alone; there are no stats to give");
    return withParents(asked(option, pattern));
  }
  // A copy without `g` and `y`, which would make a test depend on the one before.
  if (pattern instanceof RegExp) {
    const test = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
    return withParents((path) => test.test(path));
  }
  const glob = toRegExp(option, pattern, base);
  return (path) => glob.test(path);
}

/** Whether the path or a folder above it matches. */
function withParents(test: Ignore): Ignore {
  return (path) => {
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1))
      if (end > 0 && test(path.slice(0, end))) return true;
    return test(path);
  };
}

function asked(option: string, pattern: (path: string) => boolean): Ignore {
  return (path) => {
    try {
      return pattern(path);
    } catch (cause) {
      throw new StorageError("invalid-option", `a function of ${option} threw for ${JSON.stringify(path)}`, { cause });
    }
  };
}

function toRegExp(option: string, pattern: string, base: string): RegExp {
  if (typeof pattern !== "string" || pattern === "" || /[[\]{}()!\\]/.test(pattern)) {
    throw refuse(
      option,
      `takes globs of *, ** and ?, regular expressions and functions; ${JSON.stringify(pattern)} is none`,
    );
  }
  // On Windows a base has `\`, which a pattern may not have.
  const folder = base.replaceAll("\\", "/");
  const relative = pattern.startsWith(`${folder}/`) ? pattern.slice(folder.length) : pattern;
  const anchored = relative.includes("/") ? relative.replace(/^\/+|\/+$/g, "") : `**/${relative}`;
  const segments = anchored.split("/");
  // What lies below a match is left out anyway.
  while (segments.length > 1 && segments.at(-1) === "**") segments.pop();
  const last = segments.pop() as string;
  const folders = segments.map((segment) => (segment === "**" ? "(?:[^/]*/)*" : `${translate(segment)}/`));
  return new RegExp(`^${folders.join("")}${translate(last)}(?:/.*)?$`, "su");
}

function translate(segment: string): string {
  return segment
    .replace(/[.+^$|]/g, "\\$&")
    .replace(/\*+/g, "[^/]*")
    .replaceAll("?", "[^/]");
}
