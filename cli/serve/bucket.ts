/** The bucket that a folder is. */
import { basename, resolve } from "node:path";

/** The folder's name as that of a bucket: lower case, hyphens for what cannot be in one; `uploads` where nothing is left. */
export function bucketOf(folder: string): string {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z\d.-]+/g, "-")
    .slice(0, 63)
    .replace(/^[.-]+|[.-]+$/g, "");
  return name.length < 3 ? "uploads" : name;
}
