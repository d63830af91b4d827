/** What `init` would do to a project, file by file, without doing it. */
import type { Change } from "./change.ts";
import { composeChange } from "./compose.ts";
import { dotenvChange } from "./dotenv.ts";
import { moduleChange } from "./module.ts";
import type { Project } from "./project.ts";

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
