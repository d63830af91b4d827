/** The driver's own small files: records, which describe versions and uploads, the mark of the layout, and claims where links cannot be made. */
import type { Local } from "./calls.ts";
import { orAbsent } from "./errno.ts";
import { open, READ } from "./file.ts";

/** How a text is read. */
export interface TextOptions {
  readonly opening?: typeof open | undefined;
  /** How many bytes at most. */
  readonly most?: number;
}

/** The text of a regular file, or null when there is none. A link in its place is not followed, except on Windows; whether its folder is one, the caller asks. */
export async function readText(
  path: string,
  local: Local,
  { opening = open, most = Infinity }: TextOptions = {},
): Promise<string | null> {
  const file = await orAbsent(opening(path, READ, local));
  if (!file) return null;
  try {
    const stats = await orAbsent(file.stat());
    if (!stats?.isFile()) return null;
    const bytes = new Uint8Array(Math.min(Number(stats.size), most));
    let length = 0;
    while (length < bytes.byteLength) {
      const count = await orAbsent(file.read(bytes.subarray(length), length));
      // Some programs behind mounts call an open file absent that was removed.
      if (count === null) return null;
      if (count === 0) break;
      length += count;
    }
    return new TextDecoder().decode(bytes.subarray(0, length));
  } finally {
    await file.close();
  }
}
