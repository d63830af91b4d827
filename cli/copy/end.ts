/** Source or target of a copy: a folder, or a bucket, possibly below a prefix. */
import { resolve, sep } from "node:path";
import { getStorage } from "../../drivers/env.ts";
import fs from "../../drivers/fs.ts";
import type { Driver } from "../../src/driver.ts";
import { hasCode, type StorageError } from "../../src/error.ts";
import type { ObjectStore } from "../../src/interface.ts";
import { isThere, mustBeWhole, withoutLinks } from "../folder.ts";
import { variablesOf } from "./variables.ts";

/** Source or target of a copy. */
export interface End {
  /** As it was typed. */
  readonly typed: string;
  readonly store: ObjectStore;
  readonly driver: Driver;
  /** Where it is, ending in a separator: if one end lies in another, its place begins with that of the other. */
  readonly place: string;
  /** Absolute path, if it is a folder. */
  readonly folder?: string;
}

/** Opens what was typed, `./uploads` or `s3://bucket/prefix`, with the variables of a file, else of the process. */
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

/** Rejects if a folder does not exist: the source of a copy is never created. */
export async function mustExist({ folder }: End): Promise<void> {
  if (folder === undefined) return;
  if (!(await isThere(folder))) throw new Error(`${folder} is not there`);
}

/** Milliseconds that a store has to answer {@link named}. */
const ASK_MS = 5000;

/**
 * The message of an error, with the bucket as typed instead of `env`; with `s3` if both ends are buckets, since it may
 * be of either.
 */
export function saidOf({ message }: Error, ends: readonly End[]): string {
  const [bucket, another] = ends.filter(({ folder }) => folder === undefined);
  return message.replace(/(^|; first: )env /, `$1${another ? "s3" : (bucket?.typed ?? "s3")} `);
}

/**
 * The message of an error; if a whole store fails, with its name. Errors do not name the bucket, so each end is asked
 * once more.
 */
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

/** Throws if one end lies in the other: copies would be listed, and copied again. */
export function mustDiffer(from: End, to: End): void {
  if (from.place.startsWith(to.place) || to.place.startsWith(from.place))
    throw new Error("one of the two lies in the other: copy to a place beside it");
}

async function folderOf(text: string, file: string | undefined): Promise<End> {
  // An unset variable of a script must not copy the working directory.
  if (text === "" || /^(s3:|\w[\w+.-]+:\/\/)/i.test(text))
    throw new Error(`${JSON.stringify(text)}: must be a folder, or s3://bucket/prefix`);
  if (file !== undefined) throw new Error(`${file}: a folder has no use for variables`);
  const folder = resolve(text);
  await mustBeWhole(folder);
  const driver = fs({ base: folder });
  const place = await withoutLinks(folder);
  return { typed: text, store: driver, driver, place: place.endsWith(sep) ? place : place + sep, folder };
}
