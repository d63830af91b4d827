/** Applies a change to the project. */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Change } from "./change.ts";

/** Writes the file, without overwriting one, and returns the line to print. */
export function applyChange(dir: string, change: Change): string {
  const file = join(dir, change.path);
  const note = change.note === "" ? "" : ` (${change.note})`;
  switch (change.action) {
    case "keep":
      return `  kept     ${change.path}${note}`;
    case "append":
      appendFileSync(file, change.text);
      return `  added to ${change.path}${note}`;
    case "create":
      mkdirSync(dirname(file), { recursive: true });
      // "wx" also refuses a file that was created since the plan was made.
      writeFileSync(file, change.text, { flag: "wx" });
      return `  created  ${change.path}${note}`;
  }
}
