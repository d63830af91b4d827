/** The headers of an object that its key and its file do not tell: a small JSON file, named after the version it describes. */
import type { ExpectedChecksum, ObjectHeaders } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { emptyMetadata, HEADER_OPTIONS } from "../../src/options.ts";
import { contentTypeOf, DEFAULT_TYPE } from "../../src/type.ts";
import { adoptable } from "./adopt.ts";
import { becameLink } from "./anchor.ts";
import { unlink } from "./calls.ts";
import { sha256 } from "./digest.ts";
import { type Draft, recordBeside } from "./draft.ts";
import { orAbsent } from "./errno.ts";
import type { open } from "./file.ts";
import { mayHaveRecord, type Identity } from "./identity.ts";
import { giveName } from "./naming.ts";
import { folderOf, nameOf, RESERVED } from "./path.ts";
import type { Root } from "./root.ts";
import { syncNames } from "./sync.ts";
import { readText } from "./text.ts";
import { microsecondsOf } from "./times.ts";

/** Where records lie, in a folder for each first two letters of their names. */
export const RECORDS_FOLDER: string = `${RESERVED}/meta`;

/** What describes one version of an object: what comes back with it, and what is the driver's own to know. */
export interface Description extends ObjectHeaders {
  readonly checksum?: ExpectedChecksum | undefined;
  /** The multipart upload that made it. */
  readonly uploadId?: string | undefined;
}

/** The type that an object has when nobody says. */
export function defaultType(key: string): string {
  return contentTypeOf(key) ?? DEFAULT_TYPE;
}

/** The headers of an object as they are given back: without what is the driver's own to know, and with a type. */
export function shownHeaders(key: string, given: ObjectHeaders): ObjectHeaders & { readonly contentType: string } {
  const headers: Record<string, string> = {};
  for (const name of HEADER_OPTIONS) if (given[name] !== undefined) headers[name] = given[name];
  const { contentType = defaultType(key), metadata = {} } = given;
  const described = Object.assign(headers, { contentType });
  if (Object.keys(metadata).length === 0) return described;
  return Object.assign(described, { metadata: Object.assign(emptyMetadata(), metadata) });
}

/** What the paths of a key's records begin with. */
export function recordPrefix(key: string): string {
  const hash = sha256(key);
  return `${RECORDS_FOLDER}/${hash.slice(0, 2)}/${hash.slice(0, 32)}-`;
}

/**
 * Where the record of one version lies. Time and size are the file's own, so that a copy which keeps times (`cp -a`,
 * `rsync -a`) keeps its records, also one that cuts them (tar); the inode is not, since no copy keeps it.
 */
export function recordPath(key: string, version: Identity): string {
  return `${recordPrefix(key)}${microsecondsOf(version)}-${version.size}.json`;
}

/** The text of a version's record: what neither its key nor its file tells. Null when they tell all, and it needs none. */
export function recordText(key: string, description: Description): string | null {
  const record: Record<string, unknown> = {};
  for (const name of [...HEADER_OPTIONS, "checksum", "uploadId"] as const) {
    const value = description[name];
    if (value !== undefined && (name !== "contentType" || value !== defaultType(key))) record[name] = value;
  }
  const { metadata = {} } = description;
  if (Object.keys(metadata).length > 0) record["metadata"] = metadata;
  return Object.keys(record).length > 0 ? JSON.stringify({ key, ...record }) : null;
}

/** Gives a draft's record its name, before the draft has its own; does nothing when it has none. */
export async function placeRecord(root: Root, key: string, { path, stats, durable, record }: Draft): Promise<void> {
  if (!record) return;
  const place = recordPath(key, stats);
  const folder = folderOf(place);
  const held = await root.hold(folder);
  if (!held) throw becameLink();
  const name = { path: place, at: held.path(nameOf(place)) };
  try {
    const file = { path: recordBeside(path), stats: record };
    await giveName(root, file, name, root.isLocal()).catch((error: unknown) => {
      // For the error's text: it is the record's folder that refuses, not the object's.
      throw Object.assign(error as Error, { dest: root.path(place) });
    });
    if (durable)
      await syncNames(root, folder, held.handle).catch(async (error: unknown) => {
        await unlink(name.at).catch(() => {});
        throw error;
      });
  } finally {
    await held.close();
  }
}

/** What is recorded of a version, or null when nothing is. */
export async function readRecord(root: Root, key: string, version: Identity): Promise<Description | null> {
  const record = await readOwnRecord(root, key, version);
  if (record) return record;
  const adopted = await adoptable(root, recordPrefix(key), version);
  return adopted === null ? null : readRecordAt(root, key, adopted);
}

/** The same, but not of a record that would have to be adopted: for who looks for that later. */
export function readOwnRecord(
  root: Root,
  key: string,
  version: Identity,
  opening?: typeof open,
): Promise<Description | null> {
  return readRecordAt(root, key, recordPath(key, version), opening);
}

async function readRecordAt(root: Root, key: string, path: string, opening?: typeof open): Promise<Description | null> {
  await root.refresh(folderOf(path));
  const text = await readText(root.path(path), root.isLocal(), { opening });
  if (text === null) return null;
  // Found through a link it would be somebody else's.
  return (await orAbsent(root.whereabouts(path, true))) === "linked" ? null : parseRecord(text, key, path);
}

/**
 * Removes the record of a version that is gone. That of the version `kept`, which was written a moment ago, stays: where times are coarse,
 * both may have one name. Never rejects: a record that stays describes nothing, and is swept.
 */
export async function dropRecord(root: Root, key: string, version: Identity, kept?: Identity | null): Promise<void> {
  if (!mayHaveRecord(version)) return;
  const path = recordPath(key, version);
  const keptPath = kept && recordPath(key, kept);
  try {
    // Where one is kept, its writer has seen that no link leads there.
    if (!keptPath && (await root.whereabouts(folderOf(path))) !== "inside") return;
    if (path !== keptPath && (await orAbsent(unlink(root.path(path), root.isLocal()).then(() => true)))) return;
    // Its record may be one that it has adopted.
    const adopted = await adoptable(root, recordPrefix(key), version);
    if (adopted && adopted !== keptPath) await unlink(root.path(adopted), root.isLocal());
  } catch {
    // Most versions have none.
  }
}

/** Whether a version has the record at a path. */
export async function hasRecord(root: Root, key: string, version: Identity, path: string): Promise<boolean> {
  return path === recordPath(key, version) || path === (await adoptable(root, recordPrefix(key), version));
}

function parseRecord(text: string, key: string, path: string): Description {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (cause) {
    throw damaged(path, cause);
  }
  if (typeof record !== "object" || record === null || (record as { key?: unknown }).key !== key) throw damaged(path);
  const fields = record as Record<string, unknown>;
  const headers: Record<string, string> = {};
  for (const name of HEADER_OPTIONS) {
    const value = fields[name];
    if (typeof value === "string") headers[name] = value;
    else if (value !== undefined) throw damaged(path);
  }
  const metadata = textsOf(fields["metadata"], path);
  const { uploadId } = fields;
  if (uploadId !== undefined && typeof uploadId !== "string") throw damaged(path);
  const { name, value } = textsOf(fields["checksum"], path) ?? {};
  if ((name === undefined) !== (value === undefined)) throw damaged(path);
  return {
    ...headers,
    ...(metadata && { metadata }),
    ...(name !== undefined && value !== undefined && { checksum: { name, value } }),
    ...(uploadId !== undefined && { uploadId }),
  };
}

/** A field that must be an object of texts, where it is there. */
function textsOf(field: unknown, path: string): Readonly<Record<string, string>> | undefined {
  if (field === undefined) return undefined;
  if (typeof field !== "object" || field === null || !Object.values(field).every((value) => typeof value === "string"))
    throw damaged(path);
  return field as Record<string, string>;
}

function damaged(path: string, cause?: unknown): StorageError {
  return new StorageError(
    "corrupt",
    `the record ${path} is damaged; upload the object again, or remove the record to do without its headers`,
    { cause },
  );
}
