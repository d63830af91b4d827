/** An app that answers, and the files that it was built into. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Variables that are set for a build or a start, on top of an environment that has none of storage. */
export type Variables = Readonly<Record<string, string>>;

/** An app that answers. */
export interface RunningApp {
  readonly url: string;
  /** What it has printed; nothing on Workers, whose output is the test's own. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** Every file below a folder, by its path. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
