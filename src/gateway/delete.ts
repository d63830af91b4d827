/**
 * DeleteObjects.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
 */
import { StorageError } from "../error.ts";
import { pool } from "../pool.ts";
import { childFlag, childrenOf, childText, type Element, type Markup } from "../s3/xml.ts";
import { type Call, xml } from "./call.ts";
import { documentOf, malformed, understood } from "./document.ts";
import { unconditional } from "./object.ts";
import { Refusal, refusalOf } from "./refusal.ts";

const MOST = 1000;
const AT_A_TIME = 16;

/** Deletes up to a thousand keys; each that could not be deleted is named in the answer. */
export async function deleteObjects(call: Call): Promise<Response> {
  unconditional(call.headers);
  const root = await documentOf(call, "Delete");
  const quiet = understood(() => childFlag(root, "Quiet")) === true;
  const asked = childrenOf(root, "Object");
  if (asked.length === 0 || asked.length > MOST)
    throw new Refusal("MalformedXML", `A delete names 1 to ${MOST} objects.`);
  const keys = new Set<string>();
  const left: [string, Refusal][] = [];
  for (const object of asked) {
    const key = childText(object, "Key");
    if (key === undefined) throw malformed();
    const refused = refusedOf(object);
    if (refused) left.push([key, refused]);
    else keys.add(key);
  }
  for (const [key, error] of await deleted(call, [...keys])) {
    keys.delete(key);
    left.push([key, refusalOf(error)]);
  }
  const done = quiet ? [] : [...keys];
  return xml([
    "DeleteResult",
    [
      ...done.map((key): Markup => ["Deleted", [["Key", key]]]),
      ...left.map(([key, { s3, said }]): Markup => [
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

/** Those that failed. One that no store can have makes the whole batch fail, so that each is then asked for alone. */
async function deleted({ store }: Call, keys: readonly string[]): Promise<readonly [string, unknown][]> {
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

function refusedOf(object: Element): Refusal | undefined {
  const version = childText(object, "VersionId");
  if (version !== undefined && version !== "" && version !== "null")
    return new Refusal("NotImplemented", "This bucket keeps no versions.");
  if (["ETag", "LastModifiedTime", "Size"].some((name) => childText(object, name) !== undefined))
    return new Refusal("NotImplemented", "A delete with conditions is not implemented.");
  return undefined;
}
