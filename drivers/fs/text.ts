/** The driver's own small files: records, which describe versions and uploads. */
import { orAbsent } from "./errno.ts";
import { open, type Paths, READ } from "./file.ts";

/** The text of a file below the root, or null when there is none. What stands for it is no link and no pipe; whether its folder is one, the caller asks. */
export async function readText(root: Paths, path: string, opening: typeof open = open): Promise<string | null> {
  const file = await orAbsent(opening(root.path(path), READ, root.isLocal()));
  if (!file) return null;
  try {
    const stats = await orAbsent(file.stat());
    if (!stats?.isFile()) return null;
    const bytes = new Uint8Array(Number(stats.size));
    let length = 0;
    for (let read = -1; length < bytes.byteLength && read !== 0; length += read)
      read = await file.read(bytes.subarray(length), length);
    return new TextDecoder().decode(bytes.subarray(0, length));
  } finally {
    await file.close();
  }
}
