/** The driver's own small files: records, which describe versions and uploads. */
import { constants } from "node:fs";
import { orAbsent, patiently } from "./errno.ts";
import { open } from "./host.ts";
import type { Root } from "./root.ts";

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** The text of a file below the root, or null when there is none. What stands for it is no link; whether its folder is one, the caller asks. */
export async function readText(root: Root, path: string): Promise<string | null> {
  const handle = await orAbsent(patiently(() => open(root.path(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)));
  if (!handle) return null;
  try {
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}
