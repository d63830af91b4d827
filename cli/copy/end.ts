/** One end of a copy: a folder, or a bucket or what is below a prefix of it. */
import { resolve, sep } from "node:path";
import { getStorage } from "../../drivers/env.ts";
import fs from "../../drivers/fs.ts";
import type { Driver } from "../../src/driver.ts";
import { hasCode, type StorageError } from "../../src/error.ts";
import type { ObjectStore } from "../../src/interface.ts";
import { isThere, mustBeWhole, withoutLinks } from "../folder.ts";
import { variablesOf } from "./variables.ts";

/** A store by what was typed. */
export interface End {
  readonly typed: string;
  readonly store: ObjectStore;
  readonly driver: Driver;
  /** Ends with a separator, and begins with that of an end which holds this one. */
  readonly place: string;
  /** Of a folder. */
  readonly folder?: string;
}

/** The end that was typed, `./uploads` or `s3://bucket/prefix`, with the variables of a file, else of the process. */
export async function endOf(text: string, file: string | undefined): Promise<End> {
  const [, bucket, below = ""] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(text) ?? [];
  if (bucket === undefined) return folderOf(text, file);
  const variables = file === undefined ? process.env : await variablesOf(file);
  const driver = getStorage({ ...variables, STORAGE_BACKEND: "s3", STORAGE_S3_BUCKET: bucket });
  const prefix = below.replace(/\/*$/, "/").replace(/^\/$/, "");
  const store = prefix === "" ? driver : driver.scoped(prefix);
  const endpoint = variables["STORAGE_S3_ENDPOINT_URL"]?.trim().replace(/\/+$/, "") ?? "";
  return { typed: text, store, driver, place: `s3 ${endpoint} ${bucket}/${prefix}` };
}

/** Rejects a folder that is not there: the source of a copy is never made. */
export async function mustExist({ folder }: End): Promise<void> {
  if (folder === undefined) return;
  if (!(await isThere(folder))) throw new Error(`${folder} is not there`);
}

/** Milliseconds that a store has to answer when it is asked once more. */
const ASK_MS = 5000;

/** What an error says, with the bucket as it was typed; `s3` where both ends are buckets, since no error says which one it is of. */
export function saidOf({ message }: Error, ends: readonly End[]): string {
  const [bucket, another] = ends.filter(({ folder }) => folder === undefined);
  return message.replace(/(^|; first: )env /, `$1${another ? "s3" : (bucket?.typed ?? "s3")} `);
}

/** A failure of a whole store, with the name of that store before it. No error names a bucket, so each end is asked once more. */
export async function named(error: StorageError, ends: readonly End[], stop: AbortSignal): Promise<string> {
  const message = saidOf(error, ends);
  if (!["bucket-not-found", "unauthenticated", "denied", "unavailable"].includes(error.code)) return message;
  for (const { typed, store } of ends) {
    const failed = await store
      .list({ limit: 1, signal: AbortSignal.any([stop, AbortSignal.timeout(ASK_MS)]) })
      .pages()
      .next()
      .catch((again: unknown) => again);
    if (hasCode(failed, error.code)) return `${typed} ${error.message.replace(/^(env|fs) /, "")}`;
  }
  return message;
}

/** Rejects ends of which one holds the other: what is written would be found, and written again. */
export function mustDiffer(from: End, to: End): void {
  if (from.place.startsWith(to.place) || to.place.startsWith(from.place))
    throw new Error("one of the two lies in the other: copy to a place beside it");
}

async function folderOf(text: string, file: string | undefined): Promise<End> {
  // A variable of a script that is not set must not copy the working directory.
  if (text === "" || /^(s3:|\w[\w+.-]+:\/\/)/i.test(text))
    throw new Error(`${JSON.stringify(text)}: must be a folder, or s3://bucket/prefix`);
  if (file !== undefined) throw new Error(`${file}: a folder has no use for variables`);
  const folder = resolve(text);
  await mustBeWhole(folder);
  const driver = fs({ base: folder });
  const place = await withoutLinks(folder);
  return { typed: text, store: driver, driver, place: place.endsWith(sep) ? place : place + sep, folder };
}
