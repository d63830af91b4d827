/** What `init` would do to a project, file by file, without doing it. */
import { composeChange } from "./compose.ts";
import { dotenvChange } from "./dotenv.ts";
import { moduleChange } from "./module.ts";
import type { Project } from "./project.ts";

/** One file: created, added to at its end, or kept as it is. */
export interface Change {
  /** Relative to the project's folder, with `/`. */
  readonly path: string;
  readonly action: "create" | "append" | "keep";
  /** The text to create it with or to add to it; empty for `keep`. */
  readonly text: string;
  /** What to say about it besides the action. */
  readonly note: string;
}

/** The three changes, in the order in which they are reported. */
export interface Plan {
  readonly compose: Change;
  readonly dotenv: Change;
  readonly module: Change;
}

/** Looks at what is there and decides; writes nothing. */
export function planChanges(project: Project): Plan {
  return { compose: composeChange(project), dotenv: dotenvChange(project), module: moduleChange(project) };
}
