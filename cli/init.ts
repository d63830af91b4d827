/** `unbucket init`: adds storage to a project and says what it did. */
import { resolve } from "node:path";
import { type CommandDef, defineCommand } from "citty";
import { applyChange } from "./init/apply.ts";
import { mustStayInside } from "./init/inside.ts";
import { planChanges } from "./init/plan.ts";
import { findProject } from "./init/project.ts";
import { nextSteps } from "./init/steps.ts";
import { refuseUnknown } from "./unknown.ts";

const args = {
  dir: { type: "string", description: "Folder of the project", default: ".", valueHint: "folder" },
  "dry-run": { type: "boolean", description: "Only say what would be done", default: false },
} as const;

/** The command. It creates files and adds lines, but never changes or overwrites existing ones. */
export const init: CommandDef<typeof args> = defineCommand({
  meta: {
    name: "init",
    description: "Add object storage to this project: compose service, .env.example, storage module",
  },
  args,
  run({ args: { _: extra, dir, "dry-run": dryRun }, rawArgs }) {
    try {
      refuseUnknown("init", args, extra, rawArgs);
      for (const line of runInit(resolve(dir), dryRun)) console.log(line);
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    }
  },
});

/** Runs the command, and returns the lines to print. */
export function runInit(dir: string, dryRun: boolean): readonly string[] {
  const project = findProject(dir);
  const plan = planChanges(project);
  const changes = [plan.compose, plan.dotenv, plan.module];
  mustStayInside(dir, changes);
  const steps = nextSteps(project, plan);
  const report = changes.map((change) =>
    dryRun ? `  would ${describe(change.action)} ${change.path}` : applyChange(dir, change),
  );
  return [`Object storage for a ${project.title} project in ${dir}`, "", ...report, "", ...steps];
}

function describe(action: "create" | "append" | "keep"): string {
  return action === "append" ? "add to" : action;
}
