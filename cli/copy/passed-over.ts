/** Finds what lies in a folder but is no object. */
import { Buffer, isUtf8 } from "node:buffer";
import { readdir } from "node:fs/promises";
import { sep } from "node:path";

/** Names of the kinds, singular and plural. */
const KINDS = {
  link: ["symbolic link", "symbolic links"],
  name: ["name that is not UTF-8", "names that are not UTF-8"],
  long: ["path of more than 1024 bytes", "paths of more than 1024 bytes"],
  special: ["pipe, socket or device", "pipes, sockets or devices"],
} as const;

const SLASH = Buffer.from("/");

type Kind = keyof typeof KINDS;

/**
 * Tells in words what the folder driver does not list below a prefix; undefined if there is nothing. A folder that
 * cannot be read is skipped: its listing has failed already.
 */
export async function passedOver(
  folder: string,
  prefix: string | undefined = "",
  signal?: AbortSignal,
): Promise<string | undefined> {
  const counts = new Map<Kind, number>();
  const wanted = Buffer.from(prefix);
  // Paths as bytes, since a name that is not UTF-8 cannot be given as text.
  const folders = [{ path: Buffer.from(folder + sep), key: Buffer.alloc(0) }];
  for (let at = folders.pop(); at; at = folders.pop()) {
    signal?.throwIfAborted();
    const entries = await readdir(at.path, { withFileTypes: true, encoding: "buffer" }).catch(() => []);
    for (const entry of entries) {
      const key = Buffer.concat([at.key, entry.name]);
      // Anything but a file may contain keys with the prefix, so it counts if one is a prefix of the other.
      const below = entry.isFile() ? key : Buffer.concat([key, SLASH]);
      const shared = entry.isFile() ? wanted.length : Math.min(below.length, wanted.length);
      if (!below.subarray(0, shared).equals(wanted.subarray(0, shared)) || below.toString() === ".unbucket/") continue;
      const kind = kindOf(entry, key);
      if (kind) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      else if (entry.isDirectory())
        folders.push({ path: Buffer.concat([at.path, entry.name, Buffer.from(sep)]), key: below });
    }
  }
  const words = [...counts].map(([kind, count]) => `${count} ${KINDS[kind][count === 1 ? 0 : 1]}`);
  return words.length > 0 ? words.join(", ") : undefined;
}

function kindOf(
  entry: { readonly name: Buffer; isDirectory(): boolean; isFile(): boolean; isSymbolicLink(): boolean },
  key: Buffer,
): Kind | undefined {
  if (entry.isSymbolicLink()) return "link";
  if (!isUtf8(entry.name)) return "name";
  if (key.length > 1024) return "long";
  return entry.isFile() || entry.isDirectory() ? undefined : "special";
}
