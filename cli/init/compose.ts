/** The compose file with MinIO: a copy of that of this package, which pins versions. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ownFile } from "../package.ts";
import type { Change } from "./change.ts";
import type { Project } from "./project.ts";

/** The file names that `docker compose` looks for; it takes the first that exists. */
const NAMES = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
const OWN = "docker-compose.yml";
const BESIDE = "docker-compose.storage.yml";

/**
 * Creates a compose file. An existing one is not edited, since YAML cannot be merged safely: then a second file is
 * created beside it.
 */
export function composeChange(project: Project): Change {
  const existing = composeFile(project);
  if (existing === undefined)
    return { path: OWN, action: "create", text: ownFile(OWN), note: "MinIO, bucket and console" };
  if (hasMinio(join(project.dir, existing)))
    return { path: existing, action: "keep", text: "", note: "has a minio service already" };
  if (existsSync(join(project.dir, BESIDE)))
    return { path: BESIDE, action: "keep", text: "", note: "is there already" };
  return { path: BESIDE, action: "create", text: ownFile(OWN), note: `beside ${existing}, which stays as it is` };
}

/** How to use the compose file. */
export interface ComposeUse {
  /** Flags with which `docker compose` finds the file; empty if it finds it without. */
  readonly flags: string;
  /** Whether it has a service `create-bucket`, as that of this package has. */
  readonly createsBucket: boolean;
}

/** How to use the file that {@link composeChange} creates or keeps. */
export function composeUse(project: Project, change: Change): ComposeUse {
  const existing = composeFile(project);
  const text = change.action === "keep" ? readFileSync(join(project.dir, change.path), "utf8") : change.text;
  return {
    flags: change.path === BESIDE && existing !== undefined ? ` -f ${existing} -f ${BESIDE}` : "",
    createsBucket: /^\s+create-bucket:/m.test(text),
  };
}

function composeFile(project: Project): string | undefined {
  return NAMES.find((name) => existsSync(join(project.dir, name)));
}

function hasMinio(file: string): boolean {
  return /^\s+(?:minio:\s*(?:#.*)?$|image:.*\bminio\b)/m.test(readFileSync(file, "utf8"));
}
