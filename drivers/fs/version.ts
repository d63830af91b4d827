/** The mark that says by which layout a folder is to be read. */
import { lstat, open } from "node:fs/promises";
import { StorageError } from "../../src/error.ts";
import { patiently } from "./again.ts";
import { isErrno, orAbsent } from "./errno.ts";
import type { Paths } from "./file.ts";
import { setBits } from "./mode.ts";
import { RESERVED } from "./path.ts";
import { readText } from "./text.ts";

/** The layout that this driver reads and writes. */
const LAYOUT = "1";
const MARK: string = `${RESERVED}/version`;

/** Rejects `unsupported` when a folder is of another layout. One without a mark is taken. */
export async function checkLayout(root: Paths): Promise<void> {
  // Neither through a link, which could show another file to whoever made it, nor out of a pipe, which could keep us waiting.
  const own = (await orAbsent(lstat(root.path(RESERVED))))?.isDirectory();
  const text = own ? await readText(root.path(MARK), root.isLocal()) : null;
  // It is empty while another process writes it, and zeros where the power was cut before its bytes were on the disk.
  const layout = text?.replaceAll("\0", "").trim();
  if (!layout || layout === LAYOUT) return;
  throw new StorageError(
    "unsupported",
    `the folder has layout ${JSON.stringify(layout.slice(0, 20))}, this version reads ${LAYOUT}; use a later one`,
  );
}

/** Marks a folder, unless somebody has. */
export async function markLayout(root: Paths, mode: number | undefined): Promise<void> {
  const path = root.path(MARK);
  try {
    const handle = await patiently(() => open(path, "wx"));
    try {
      await handle.writeFile(`${LAYOUT}\n`);
      if (mode !== undefined) await setBits(handle, path, mode);
      // Readable by all, whatever the umask is: whoever may not read it can read no object, and it tells nothing of them. Some file systems
      // have no such bits.
      else await setBits(handle, path, 0o644).catch(() => {});
      try {
        await handle.sync();
      } catch {
        // For durable writes that come later, so no failure of this one. Node's permission model forbids it; Yarn's PnP has no such method,
        // and throws at once.
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  }
}
