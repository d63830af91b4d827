/** Plans what `init` does to each file of a project. */
import type { Change } from "./change.ts";
import { composeChange } from "./compose.ts";
import { dotenvChange } from "./dotenv.ts";
import { moduleChange } from "./module.ts";
import type { Project } from "./project.ts";

/** The three changes, in the order in which they are printed. */
export interface Plan {
  readonly compose: Change;
  readonly dotenv: Change;
  readonly module: Change;
}

/** Looks at the project and decides; writes nothing. */
export function planChanges(project: Project): Plan {
  return { compose: composeChange(project), dotenv: dotenvChange(project), module: moduleChange(project) };
}
