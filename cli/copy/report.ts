/** What the terminal says of a copy. */
import type { CopiedObject, CopyAllResult } from "../../src/copy.ts";

/** The line of one object; none of one that is the same. */
export function lineOf({ key, size, result, error }: CopiedObject, dryRun: boolean): string | undefined {
  if (result === "same") return undefined;
  // A key may hold what moves the cursor.
  const shown = /\p{C}/u.test(key) ? JSON.stringify(key) : key;
  const word = result === "copied" && dryRun ? "would copy" : result;
  if (error) return `${word}  ${shown}: ${error.message}`;
  return result === "copied" ? `${word}  ${shown}  ${bytes(size)}` : `${word}  ${shown}`;
}

/** The last line. */
export function summary({ copied, bytes: size, same, kept, gone }: CopyAllResult, dryRun: boolean): string {
  return [
    `${copied} ${dryRun ? "to copy" : "copied"} (${bytes(size)})`,
    `${same} the same`,
    ...(kept > 0 ? [`${kept} kept, which differ: see --replace`] : []),
    ...(gone > 0 ? [`${gone} gone`] : []),
  ].join(", ");
}

function bytes(size: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let [value, unit] = [size, 0];
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ""}`;
}
