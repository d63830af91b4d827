/** The keys below the root in the order of their UTF-8 bytes, folder by folder, from both trees. */
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { compareKeys } from "../../src/key.ts";
import { toUtf8 } from "../../src/utf8.ts";
import { patiently } from "./again.ts";
import { anchor } from "./anchor.ts";
import { isKeptBack, orAbsent } from "./errno.ts";
import { isReachable } from "./find.ts";
import type { Ignore } from "./ignore.ts";
import {
  decodeName,
  encodePiece,
  folderOf,
  isOrdinary,
  keyOfBytes,
  keyOfPlain,
  KEYS_FOLDER,
  LEAF,
  PIECE_BYTES,
  type Candidate,
} from "./path.ts";
import type { Root } from "./root.ts";
import type { Seek } from "./seek.ts";

/** A key and where its file was seen. */
export interface Walked {
  readonly key: string;
  readonly candidate: Candidate;
}

/** What a walk covers. */
export interface Walk {
  readonly root: Root;
  readonly prefix: string;
  readonly ignore: Ignore;
  /** May move forward while the walk runs: folders that fall behind are not entered. */
  readonly seek: Seek;
}

/**
 * Every key with the prefix, once, in order. No folder stays open between two keys, and memory holds the names of the folders on the way. A
 * walk may rest for any time: each folder is looked at when it is read.
 */
export async function* walk(scope: Walk): AsyncGenerator<Walked, void, void> {
  // The encoded tree is read first: a write may move a key from there to its plain path, never back.
  const encodedTree = walkEncoded(scope);
  const plainTree = walkPlain(scope);
  let [encoded, plain] = [await encodedTree.next(), await plainTree.next()];
  while (!encoded.done || !plain.done) {
    const order = encoded.done ? 1 : plain.done ? -1 : compareKeys(encoded.value.key, plain.value.key);
    // Of two files of one key, the one at its first place counts.
    const isPlain = order > 0 || (order === 0 && isOrdinary((plain.value as Walked).key));
    const { value } = (isPlain ? plain : encoded) as IteratorYieldResult<Walked>;
    if (scope.seek.passes(value.key) && !scope.ignore(value.key)) yield value;
    if (order <= 0) encoded = await encodedTree.next();
    if (order >= 0) plain = await plainTree.next();
  }
}

/** What is left of a folder. */
interface Level {
  /** Its path with a `/`; empty for the root. */
  readonly below: string;
  /** Files, and folders with a `/`, as their keys have it; last first. */
  readonly names: string[];
}

async function* walkPlain(scope: Walk): AsyncGenerator<Walked, void, void> {
  const { root, prefix, ignore, seek } = scope;
  const top = folderOf(prefix);
  // Keys such as "/a" and "a//b" have no plain path.
  if (prefix.startsWith("/") || (top !== "" && (keyOfPlain(top, root.posix) === null || ignore(top)))) return;
  const levels = [await readPlain(scope, top)];
  for (let level = levels.at(-1); level; level = levels.at(-1)) {
    const name = level.names.pop();
    if (name === undefined) levels.pop();
    else if (!name.endsWith("/")) {
      const path = level.below + name;
      if (keyOfPlain(path, root.posix) !== null && seek.passes(path))
        yield { key: path, candidate: { tree: "plain", path } };
    } else {
      const path = level.below + name.slice(0, -1);
      if (!seek.isBehind(level.below + name) && !ignore(path) && keyOfPlain(path, root.posix) !== null)
        levels.push(await readPlain(scope, path));
    }
  }
}

/** Characters whose order differs between UTF-8 and UTF-16. */
const HIGH = /[\uD800-\uFFFF]/;

/** Files and folders that the prefix covers or that lead to it and that are still to come. */
async function readPlain({ root, prefix, seek }: Walk, folder: string): Promise<Level> {
  const below = folder === "" ? "" : `${folder}/`;
  const names: string[] = [];
  let isSimple = true;
  for (const dirent of await readFolder(root, folder)) {
    const isFolder = dirent.isDirectory();
    // A folder stands where its keys stand, which all have a "/" after its name.
    const name = isFolder ? `${dirent.name}/` : dirent.name;
    const key = below + name;
    if (!key.startsWith(prefix) || (isFolder ? seek.isBehind(key) : !seek.passes(key))) continue;
    isSimple &&= !HIGH.test(name);
    names.push(name);
  }
  // The engine's own order is several times faster on a wide folder.
  return { below, names: (isSimple ? names.sort() : names.sort(compareKeys)).toReversed() };
}

/** What is left of a folder of encoded names. */
interface EncodedLevel {
  readonly path: string;
  /** The bytes of keys that its path stands for. */
  readonly before: Uint8Array;
  /** Pieces of keys, one character for each byte, and one more where it is a folder's; last first. */
  readonly names: string[];
}

async function* walkEncoded({ root, prefix, seek }: Walk): AsyncGenerator<Walked, void, void> {
  const wanted = toUtf8(prefix);
  let top = KEYS_FOLDER;
  let at = 0;
  for (; wanted.length - at > PIECE_BYTES; at += PIECE_BYTES)
    top += `/${encodePiece(wanted.subarray(at, at + PIECE_BYTES))}`;
  const levels = [await readEncoded(root, top, wanted.subarray(0, at), wanted.subarray(at))];
  for (let level = levels.at(-1); level; level = levels.at(-1)) {
    const name = level.names.pop();
    if (name === undefined) {
      levels.pop();
      continue;
    }
    const piece = Uint8Array.from({ length: Math.min(name.length, PIECE_BYTES) }, (_, index) => name.charCodeAt(index));
    const path = `${level.path}/${encodePiece(piece)}`;
    const bytes = new Uint8Array([...level.before, ...piece]);
    if (name.length <= PIECE_BYTES) {
      const key = keyOfBytes(bytes);
      if (key !== null && seek.passes(key)) yield { key, candidate: { tree: "keys", path: path + LEAF } };
    } else if (!seek.isBehindBytes(bytes)) levels.push(await readEncoded(root, path, bytes, new Uint8Array()));
  }
}

/** A folder of encoded names whose pieces begin as `wanted`: the rest of the prefix in the first folder, nothing below it. */
async function readEncoded(root: Root, folder: string, before: Uint8Array, wanted: Uint8Array): Promise<EncodedLevel> {
  const begin = String.fromCharCode(...wanted);
  const names: string[] = [];
  for (const dirent of await readFolder(root, folder)) {
    const piece = decodeName(dirent.name);
    if (!piece || piece.leaf === dirent.isDirectory()) continue;
    const name = String.fromCharCode(...piece.bytes);
    if (name.startsWith(begin)) names.push(piece.leaf ? name : `${name}\0`);
  }
  return { path: folder, before, names: names.sort().toReversed() };
}

/** Files and folders in a folder; none when it is gone, or when a link leads to it. */
async function readFolder(root: Root, folder: string): Promise<readonly Dirent[]> {
  try {
    return await entriesOf(root, folder);
  } catch (error) {
    if (isKeptBack(folder, error)) return [];
    throw error;
  }
}

async function entriesOf(root: Root, folder: string): Promise<readonly Dirent[]> {
  const held = await orAbsent(anchor(root, folder));
  if (!held) return [];
  try {
    if (!held.handle && !(await isReachable(root, folder))) return [];
    const entries = await orAbsent(patiently(() => readdir(held.folder, { withFileTypes: true })));
    return (entries ?? []).filter((entry) => entry.isFile() || entry.isDirectory());
  } finally {
    await held.close();
  }
}
