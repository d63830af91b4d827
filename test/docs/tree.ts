/** Reads an annotated tree: two spaces a level, a line of names, two spaces, what they are. */

/** The paths that a tree names, folders with a `/` at their end. */
export function pathsOf(tree: string): string[] {
  const folders: string[] = [];
  return tree
    .split("\n")
    .filter((line) => line.trim() !== "")
    .flatMap((line) => {
      const depth = (line.length - line.trimStart().length) / 2;
      const names = (line.trim().split(/\s{2,}/)[0] ?? "").split(" ");
      const parent = folders.slice(0, depth).join("");
      folders.length = depth;
      if (names.length === 1 && names[0]?.endsWith("/")) folders.push(names[0]);
      return names.map((name) => parent + name);
    });
}
