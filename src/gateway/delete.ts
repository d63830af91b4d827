/**
 * DeleteObjects.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
 */
import { StorageError } from "../error.ts";
import { pool } from "../pool.ts";
import { childFlag, childrenOf, childText, type Element, type Markup } from "../s3/xml.ts";
import { type Call, xml } from "./call.ts";
import { documentOf, malformed, understood } from "./document.ts";
import { deleteMatching, quoted, unconditional } from "./object.ts";
import { Refusal, refusalOf } from "./refusal.ts";

const MOST = 1000;
const AT_A_TIME = 16;

/** Deletes up to a thousand keys. The answer lists those that could not be deleted. */
export async function deleteObjects(call: Call): Promise<Response> {
  unconditional(call.headers);
  const root = await documentOf(call, "Delete");
  const quiet = understood(() => childFlag(root, "Quiet")) === true;
  const asked = childrenOf(root, "Object");
  if (asked.length === 0 || asked.length > MOST)
    throw new Refusal("MalformedXML", `A delete names 1 to ${MOST} objects.`);
  const keys = new Set<string>();
  const versions: [key: string, etag: string][] = [];
  const failed: [string, Refusal][] = [];
  for (const object of asked) {
    const key = childText(object, "Key");
    if (key === undefined) throw malformed();
    const [refused, etag] = [refusalOfDetails(object), childText(object, "ETag")];
    if (refused) failed.push([key, refused]);
    else if (etag === undefined) keys.add(key);
    else versions.push([key, quoted(etag)]);
  }
  for (const [key, error] of await deleteKeys(call, [...keys])) {
    keys.delete(key);
    failed.push([key, refusalOf(error)]);
  }
  const matched: string[] = [];
  await pool(versions, AT_A_TIME, async ([key, etag]) => {
    await deleteMatching(call.store, key, etag).then(
      () => matched.push(key),
      (error: unknown) => failed.push([key, refusalOf(error)]),
    );
  });
  const done = quiet ? [] : [...keys, ...matched];
  return xml([
    "DeleteResult",
    [
      ...done.map((key): Markup => ["Deleted", [["Key", key]]]),
      ...failed.map(([key, { s3, said }]): Markup => [
        "Error",
        [
          ["Key", key],
          ["Code", s3],
          ["Message", said],
        ],
      ]),
    ],
  ]);
}

/** Deletes the keys, and returns the failures. An invalid key fails the whole batch, so then each is deleted alone. */
async function deleteKeys({ store }: Call, keys: readonly string[]): Promise<readonly [string, unknown][]> {
  if (keys.length === 0) return [];
  try {
    await store.delete(keys);
    return [];
  } catch (error) {
    if (!StorageError.is(error)) throw error;
    if (error.code === "partial") return error.errors.map(({ key, error: why }) => [key, why]);
    if (error.code !== "invalid-key") throw error;
  }
  const failures: [string, unknown][] = [];
  await pool(keys, AT_A_TIME, async (key) => {
    await store.delete(key).catch((error: unknown) => failures.push([key, error]));
  });
  return failures;
}

/** The refusal of an object that is named with a version, a time or a size, which is not implemented. */
function refusalOfDetails(object: Element): Refusal | undefined {
  const version = childText(object, "VersionId");
  if (version !== undefined && version !== "" && version !== "null")
    return new Refusal("NotImplemented", "This bucket keeps no versions.");
  if (["LastModifiedTime", "Size"].some((name) => childText(object, name) !== undefined))
    return new Refusal("NotImplemented", "A delete is held to ETags, not to times or sizes.");
  return undefined;
}
