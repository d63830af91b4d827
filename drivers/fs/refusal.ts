/** Who was refused what, and where: a system error tells the call alone, and whoever has to mend it needs more. */
import { accessSync, constants, lstatSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import { inMemory } from "./host.ts";
import { bitsOf, ownUser } from "./mode.ts";

const { R_OK, W_OK, X_OK } = constants;
const STICKY = 0o1000;

/** What a system error has beside its code; of Node's permission model, too. */
interface Told {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly path?: unknown;
  readonly dest?: unknown;
  readonly permission?: unknown;
  readonly resource?: unknown;
}

/** Calls that read what they name, unless they make it. */
const READING: ReadonlySet<unknown> = new Set(["open", "scandir", "watch", "copyfile"]);
/** Calls that look at it alone. */
const LOOKING: ReadonlySet<unknown> = new Set(["lstat", "stat", "realpath", "readlink", "scandir", "watch"]);
/** Calls that change names in a folder, if they make what they open. */
const NAMING: ReadonlySet<unknown> = new Set([
  "open",
  "rename",
  "link",
  "unlink",
  "symlink",
  "mkdir",
  "rmdir",
  "copyfile",
]);

/** Whether the file system of a base asks nobody else: one that does may stall, and the process would stall with it. */
const bases = new Map<string, boolean>();
/** How many bases are remembered: an app may have one for each of its users. */
const MEMORY = 10_000;

/** Notes whether the file system of a base answers at once. */
export function answersAtOnce(base: string, atOnce: boolean): void {
  bases.delete(base);
  bases.set(base, atOnce);
  if (bases.size > MEMORY) bases.delete(bases.keys().next().value as string);
}

/** Whether the nearest base above a path answers at once. */
function isLocal(path: string): boolean {
  return bases.get(path) ?? (dirname(path) !== path && isLocal(dirname(path)));
}

/**
 * What was refused, or null when that cannot be told. `at` is the path of the object, for calls that went by an open folder. The system is
 * asked by calls that block, so only below bases that answer at once.
 */
export function refusal(error: object, at?: string): string | null {
  const { code, syscall, path, dest, permission, resource } = error as Told;
  if (code === "ERR_ACCESS_DENIED")
    return typeof resource === "string" && resource !== "" ? notAllowed(permission, resource) : null;
  const user = ownUser();
  if (user === undefined || inMemory) return null;
  // Of two paths `dest` is what was to be made or replaced.
  for (const named of [dest, path]) {
    const place = typeof named === "string" && named.startsWith("/proc/self/fd/") ? at : named;
    if (typeof place !== "string" || !isLocal(place)) continue;
    try {
      const found = code === "EPERM" ? fixedBy(user, place, syscall) : lacking(user, place, syscall);
      if (found !== null) return found;
    } catch {
      // Gone meanwhile, or the runtime lets nobody look.
    }
  }
  return null;
}

function notAllowed(permission: unknown, resource: string): string {
  const verb = permission === "FileSystemRead" ? "read" : "write";
  return (
    `the runtime does not let the process ${verb} ${JSON.stringify(resource)}: start it with --allow-fs-${verb} of the base, ` +
    "with /* at its end if the base is not there yet"
  );
}

/** Which right a user lacks, and where. */
function lacking(user: number, place: string, syscall: unknown): string | null {
  const folder = dirname(place);
  for (const above of ancestors(folder)) if (!may(above, X_OK)) return mayNot(user, "enter", above);
  if (READING.has(syscall) && isThere(place) && !may(place, R_OK)) return mayNot(user, "read", place);
  return LOOKING.has(syscall) || may(folder, W_OK) ? null : mayNot(user, "write in", folder);
}

/** The folders that lead to one, itself last. */
function ancestors(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [...ancestors(above), folder];
}

function may(path: string, right: number): boolean {
  try {
    accessSync(path, right);
    return true;
  } catch {
    return false;
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function mayNot(user: number, what: string, place: string): string {
  const whose = ownerOf(lstatSync(place));
  const advice = 'give it to this user, or share it by a group, as "Several users" in drivers/fs.md says';
  return `user ${user} may not ${what} ${JSON.stringify(place)}, which belongs to ${whose}; ${advice}`;
}

function ownerOf(stats: Stats): string {
  return `user ${stats.uid} and group ${stats.gid} with mode ${bitsOf(stats).toString(8)}`;
}

/** What keeps a file from being replaced or removed by those who may write in its folder. */
function fixedBy(user: number, place: string, syscall: unknown): string | null {
  if (!NAMING.has(syscall)) return null;
  const folder = dirname(place);
  const [above, file] = [lstatSync(folder), lstatSync(place, { throwIfNoEntry: false })];
  if (file && above.mode & STICKY && ![above.uid, file.uid, 0].includes(user))
    return `only user ${file.uid}, whose file it is, may replace or remove ${JSON.stringify(place)}, since its folder is sticky (chmod -t)`;
  const what = file ? `${JSON.stringify(place)}, or its folder,` : JSON.stringify(folder);
  return `the system keeps ${what} as it is: look whether lsattr tells that it is immutable or append-only`;
}
