/**
 * DeleteObjects.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
 */
import { StorageError } from "../error.ts";
import { childFlag, childrenOf, childText, type Element, type Markup } from "../s3/xml.ts";
import { type Call, documentOf, xml } from "./call.ts";
import { read } from "./multipart.ts";
import { Refusal, refusalOf } from "./refusal.ts";

const MOST = 1000;

/** Deletes up to a thousand keys; each that could not be deleted is named in the answer. */
export async function deleteObjects(call: Call): Promise<Response> {
  const { store, signal } = call;
  const root = read(await documentOf(call), "Delete");
  const asked = childrenOf(root, "Object");
  if (asked.length === 0 || asked.length > MOST)
    throw new Refusal("MalformedXML", `A delete names 1 to ${MOST} objects.`);
  const failures = new Map<string, Refusal>();
  const keys = asked.flatMap((object) => {
    const key = childText(object, "Key") ?? "";
    const refused = refusedOf(object);
    if (refused) failures.set(key, refused);
    return refused ? [] : [key];
  });
  for (const [key, error] of await deleted(call, keys)) failures.set(key, refusalOf(error));
  signal.throwIfAborted();
  const quiet = childFlag(root, "Quiet") === true;
  const done = quiet ? [] : [...new Set(keys)].filter((key) => !failures.has(key));
  return xml([
    "DeleteResult",
    [
      ...done.map((key): Markup => ["Deleted", [["Key", key]]]),
      ...[...failures].map(([key, { s3, said }]): Markup => [
        "Error",
        [
          ["Key", key],
          ["Code", s3],
          ["Message", said],
        ],
      ]),
    ],
  ]);

  /** Those that failed. One that no store can have makes the whole batch fail, so that each is then asked for alone. */
  async function deleted({ store: from }: Call, all: readonly string[]): Promise<[string, unknown][]> {
    if (all.length === 0) return [];
    try {
      await from.delete(all, { signal });
      return [];
    } catch (error) {
      if (!StorageError.is(error)) throw error;
      if (error.code === "partial") return error.errors.map(({ key, error: why }) => [key, why]);
      if (error.code !== "invalid-key") throw error;
    }
    const outcomes = await Promise.allSettled(all.map((key) => store.delete(key, { signal })));
    return outcomes.flatMap((outcome, at): [string, unknown][] =>
      outcome.status === "rejected" ? [[all[at] as string, outcome.reason]] : [],
    );
  }
}

function refusedOf(object: Element): Refusal | undefined {
  const version = childText(object, "VersionId");
  if (version !== undefined && version !== "null")
    return new Refusal("NotImplemented", "This bucket keeps no versions.");
  if (["ETag", "LastModifiedTime", "Size"].some((name) => childText(object, name) !== undefined))
    return new Refusal("NotImplemented", "A delete with conditions is not implemented.");
  return undefined;
}
