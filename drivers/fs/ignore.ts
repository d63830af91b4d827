/** Which keys a listing and a watch leave out. */
import { StorageError } from "../../src/error.ts";

/** Says whether a key, or a folder's path without its last `/`, is left out. */
export type Ignore = (path: string) => boolean;

/**
 * Turns glob patterns into a test, in the way of .gitignore: `*` and `?` stay within a segment, `**` is any number of
 * segments, a pattern without `/` is a name at any depth, and what lies below a match is left out with it. A leading
 * dot is nothing special. What else globs know is refused, since taken literally it would show what was to be hidden.
 */
export function parseIgnore(patterns: readonly string[]): Ignore {
  const tests = patterns.map(toRegExp);
  return (path) => tests.some((test) => test.test(path));
}

function toRegExp(pattern: string): RegExp {
  if (typeof pattern !== "string" || pattern === "" || /[[\]{}()!\\]/.test(pattern)) {
    throw new StorageError(
      "invalid-option",
      `ignore takes glob strings of *, ** and ?; ${JSON.stringify(pattern)} is not one`,
    );
  }
  const anchored = pattern.includes("/") ? pattern.replace(/^\/+|\/+$/g, "") : `**/${pattern}`;
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
