/** The lines that `unbucket copy` prints. */
import type { CopiedObject, CopyAllOptions, CopyAllResult } from "../../src/copy.ts";
import { harmless } from "../harmless.ts";

/** Numbers of objects by result, and bytes copied. */
export type Counts = Record<keyof CopyAllResult | "failed", number>;

/** What a run is for. */
export type Purpose = "copy" | "dry run" | "check";

const WORDS: Readonly<Record<Purpose, Readonly<Partial<Record<CopiedObject["result"], string>>>>> = {
  copy: {},
  "dry run": { copied: "would copy" },
  check: { copied: "missing", kept: "differs" },
};

/** The line of one object; undefined for one that is the same. `said` gives the message of a failure. */
export function lineOf(
  { key, size, result, differs, error }: CopiedObject,
  purpose: Purpose,
  said: (error: Error) => string,
): string | undefined {
  if (result === "same") return undefined;
  if (error) return `${result}  ${harmless(said(error))}`;
  const shown = /\p{C}/u.test(key) ? harmless(JSON.stringify(key)) : key;
  const word = WORDS[purpose][result] ?? result;
  const more = result === "copied" ? [bytes(size)] : result === "kept" && differs ? [differs.join(", ")] : [];
  return [word, shown, ...more].join("  ");
}

/** Words for equal objects, by what was compared. */
const SAME: Readonly<Record<NonNullable<CopyAllOptions["compare"]>, string>> = {
  time: "the same by size and time",
  bytes: "with the same bytes",
  all: "the same",
};

/** The last line. */
export function summary(
  { copied, bytes: size, same, kept, gone, failed }: Counts,
  purpose: Purpose,
  compare: CopyAllOptions["compare"],
): string {
  const mend =
    purpose === "check" ? "differ: --compare all --replace always copies them" : "kept, which differ: see --replace";
  return [
    `${copied} ${{ copy: "copied", "dry run": "to copy", check: "missing" }[purpose]} (${bytes(size)})`,
    `${same} ${SAME[compare ?? "time"]}`,
    ...(kept > 0 ? [`${kept} ${mend}`] : []),
    ...(gone > 0 ? [`${gone} gone`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ].join(", ");
}

function bytes(size: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let [value, unit] = [size, 0];
  // 999.95 would be rounded to 1000.0, so it takes the next unit.
  for (; value >= (unit === 0 ? 1000 : 999.95) && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ""}`;
}
