/** The default name of the bucket. */
import { basename, resolve } from "node:path";

/**
 * Makes the folder's name a valid bucket name: lower case, hyphens for other characters; `uploads` if too little is
 * left.
 */
export function bucketOf(folder: string): string {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z\d.-]+/g, "-")
    .slice(0, 63)
    .replace(/^[.-]+|[.-]+$/g, "");
  return name.length < 3 ? "uploads" : name;
}
