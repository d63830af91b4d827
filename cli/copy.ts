/** `unbucket copy`: copies the objects of a folder or bucket into another one. */
import { type CommandDef, defineCommand } from "citty";
import { copyAll, type CopyAllOptions } from "../src/copy.ts";
import { messageOf, StorageError } from "../src/error.ts";
import { type End, endOf, mustDiffer, mustExist, named, saidOf } from "./copy/end.ts";
import { DIFFERS, endUnchecked, FAILED, STOPPED, UNCHECKED } from "./copy/exit.ts";
import { passedOver } from "./copy/passed-over.ts";
import { presence } from "./copy/presence.ts";
import { type Counts, lineOf, summary } from "./copy/report.ts";
import { harmless } from "./harmless.ts";
import { refuseUnknown } from "./unknown.ts";

const args = {
  from: { type: "positional", description: "A folder, or s3://bucket/prefix", required: true, valueHint: "./uploads" },
  to: { type: "positional", description: "Another one", required: true, valueHint: "s3://my-bucket" },
  prefix: { type: "string", description: "Only keys that start with this", valueHint: "text" },
  replace: {
    type: "string",
    description: "What is written over: older (default), never, always",
    valueHint: "what",
  },
  compare: {
    type: "string",
    description: "What objects of one size are told apart by: time (default), bytes, all (bytes, headers, metadata)",
    valueHint: "what",
  },
  check: {
    type: "boolean",
    description: "Write nothing, compare all; ends with 1 when something is missing or differs, 2 when it failed",
    default: false,
  },
  concurrency: { type: "string", description: "Objects at a time, 1 to 64", default: "4", valueHint: "number" },
  "dry-run": { type: "boolean", description: "Write nothing, tell what would be written", default: false },
  conditions: {
    type: "boolean",
    description: "Write only while nobody else does (--no-conditions: for stores that refuse to)",
    default: true,
  },
  "from-env": { type: "string", description: "File with the STORAGE_S3_* variables of the source", valueHint: "file" },
  "to-env": { type: "string", description: "File with those of the target", valueHint: "file" },
} as const;

/** Milliseconds between two checks that the folders are still there. */
const CHECK_MS = 1000;

/** The command. `src/copy.md` lists its exit codes. Run again, it goes on. */
export const copy: CommandDef<typeof args> = defineCommand({
  meta: { name: "copy", description: "Copy what a folder or a bucket has, and another one lacks, with its headers" },
  args,
  async run({ args: given, rawArgs }) {
    process.removeListener("exit", endUnchecked);
    const control = new AbortController();
    let stopped: number | undefined;
    const stop = (signal?: unknown): void => {
      if (signal === "SIGINT" || signal === "SIGTERM") stopped ??= STOPPED[signal];
      control.abort(new Error("stopped; run it again to go on"));
    };
    process.once("SIGINT", stop).once("SIGTERM", stop);
    // The reader of the output may leave, as `head` does.
    process.stdout.on("error", stop);
    process.stderr.on("error", stop);
    const ends: End[] = [];
    const counts: Counts = { copied: 0, bytes: 0, same: 0, kept: 0, gone: 0, failed: 0 };
    const { check } = given;
    const dryRun = check || given["dry-run"];
    const how = check ? "check" : dryRun ? "dry run" : "copy";
    const compare = (given.compare ?? (check ? "all" : undefined)) as CopyAllOptions["compare"];
    const mustStay = presence(ends);
    let checking: Promise<void> | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      refuseUnknown("copy", args, given._, rawArgs);
      checkOptions(given);
      const from = await endOf(given.from, given["from-env"]);
      const to = await endOf(given.to, given["to-env"]);
      ends.push(from, to);
      mustDiffer(from, to);
      await mustExist(from);
      await mustStay();
      // If a volume is unmounted meanwhile, the copy would otherwise fill the disk below its mount point.
      timer = setInterval(() => {
        // A check that hangs, as on a network file system, is not repeated.
        checking ??= mustStay()
          .catch((error: unknown) => control.abort(error))
          .finally(() => (checking = undefined));
      }, CHECK_MS);
      await copyAll(from.store, to.store, {
        prefix: given.prefix,
        replace: given.replace as CopyAllOptions["replace"],
        compare,
        concurrency: Number(given.concurrency),
        conditions: given.conditions,
        dryRun,
        signal: control.signal,
        onObject: (done) => {
          // For a check an object that differs is a difference, whichever is older.
          const result = check && done.differs ? "kept" : done.result;
          counts[result]++;
          if (result === "copied") counts.bytes += done.size;
          const line = lineOf({ ...done, result }, how, (error) => saidOf(error, ends));
          if (line !== undefined) (done.error ? console.error : console.log)(line);
        },
      });
      await mustStay();
      console.log(summary(counts, how, compare));
      const passed = from.folder && (await passedOver(from.folder, given.prefix, control.signal));
      if (passed) console.error(`passed over, since they are no objects: ${passed}`);
      setExitCode(counts, check);
    } catch (error) {
      const lost = await mustStay().catch((missing: unknown) => missing);
      if (Object.values(counts).some((count) => count > 0)) console.log(summary(counts, how, compare));
      const why = lost ?? error;
      console.error(harmless(StorageError.is(why) ? await named(why, ends, control.signal) : messageOf(why)));
      process.exitCode = stopped ?? (check ? UNCHECKED : FAILED);
    } finally {
      clearInterval(timer);
      process.removeListener("SIGINT", stop).removeListener("SIGTERM", stop);
      for (const { driver } of ends) await driver.dispose?.();
    }
  },
});

interface Given {
  readonly prefix?: string | undefined;
  readonly check: boolean;
  readonly compare?: string | undefined;
  readonly replace?: string | undefined;
}

/** Throws for options that contradict each other, and for an empty prefix. */
function checkOptions({ prefix, check, compare, replace }: Given): void {
  // An unset variable of a script must not copy everything.
  if (prefix === "") throw new Error("--prefix: must have a value; leave it out for all keys");
  if (check && compare === "time") throw new Error("--check: compares all, or with --compare bytes bytes alone");
  if (check && replace !== undefined) throw new Error("--check: writes nothing; leave --replace out");
}

/** Sets the exit code of a run that has ended by itself; throws for a check without any object. */
function setExitCode({ copied, same, kept, gone }: Counts, check: boolean): void {
  // A volume that is not mounted, or a mistyped prefix, must not look like a complete copy.
  if (check && copied + same + kept + gone === 0) throw new Error("the source has no object to check");
  if (check && copied + kept > 0) process.exitCode = DIFFERS;
  // Listed, but gone when it was to be read: it was not compared.
  else if (check && gone > 0) process.exitCode = UNCHECKED;
  else if (gone > 0 && copied + same + kept === 0) {
    console.error("the source lists objects, and gives none of them");
    process.exitCode = FAILED;
  }
}
