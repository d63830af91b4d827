/**
 * DeleteObject and DeleteObjects.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
 */
import { sha256Base64 } from "#digest";
import type { BackendDeleteOptions, CallOptions, DeleteFailure, Key } from "../../src/backend.ts";
import { hasCode, locate, StorageError } from "../../src/error.ts";
import { pool } from "../../src/pool.ts";
import { type Failure, retry } from "../../src/retry.ts";
import type { Query } from "../../src/s3/url.ts";
import { childrenOf, childText, isXmlText, type Markup, writeXml } from "../../src/s3/xml.ts";
import type { Client } from "./client.ts";
import { type Answer, complaintOf } from "./complaint.ts";
import { toStorageError } from "./errors.ts";
import { extraHeaders } from "./headers.ts";
import { type BucketCheck, headObject } from "./read.ts";
import { absent } from "./refusal.ts";

/** Keys of one request, as S3 bounds them. */
const MAX_KEYS = 1000;
/** Requests in flight. */
const CONCURRENCY = 8;

/** Deletes one object, or what else the query names. An absent object is success, an absent bucket is not. */
export function deleteObject(
  client: Client,
  key: Key,
  { ifMatch, ...call }: BackendDeleteOptions,
  query: Query = { versionId: call.versionId },
): Promise<void> {
  const { signal } = call;
  const headers = { ...extraHeaders(call.headers, false), "if-match": ifMatch };
  return client.send({ method: "DELETE", key, query, headers, signal, accept: [404] }, async (response, identity) => {
    if (response.status === 404) return void (await absent(response, identity));
    await response.discard();
    // No store answers a delete with a page; a proxy does, or a network that asks for a login. A 204 has no body, although Swift and moto
    // give it this type.
    if (response.status !== 204 && response.header("content-type")?.startsWith("text/html"))
      throw new StorageError("corrupt", "the store or a proxy answered with a page", { retryable: true });
  });
}

/**
 * The same with a condition. When that is refused and the object is gone, an attempt of ours whose answer was lost may have deleted it: success.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
 */
export async function deleteMatching(
  client: Client,
  key: Key,
  options: BackendDeleteOptions,
  bucket: BucketCheck,
): Promise<void> {
  try {
    await deleteObject(client, key, options);
  } catch (error) {
    if (!hasCode(error, "precondition-failed")) throw error;
    const present = await headObject(client, key, options, bucket).catch(() => undefined);
    if (present !== null) throw error;
  }
}

/** Deletes many objects and gives those that failed. */
export async function deleteObjects(
  client: Client,
  keys: readonly Key[],
  call: CallOptions,
): Promise<readonly DeleteFailure[]> {
  const failures: DeleteFailure[] = [];
  /** Keys of batches that the store refused, one by one. */
  const refused: Key[][] = [];
  // Keys that XML cannot hold go one by one, and all keys where the store has no DeleteObjects.
  const fits = (key: Key): boolean => client.settings.bulkDelete && client.batches && isXmlText(key);
  const batched = keys.filter(fits);
  const batches = Array.from({ length: Math.ceil(batched.length / MAX_KEYS) }, (_, index) =>
    batched.slice(index * MAX_KEYS, (index + 1) * MAX_KEYS),
  );
  const work = [...batches, ...keys.filter((key) => !fits(key)).map((key) => [key])];
  const remove = async (batch: readonly Key[]): Promise<void> => {
    try {
      if (batch.length > 1) failures.push(...(await deleteBatch(client, batch, call)));
      else await deleteObject(client, batch[0] as Key, call);
    } catch (error) {
      if (call.signal?.aborted || hasCode(error, "bucket-not-found")) throw error;
      if (batch.length > 1 && refusesBatches(error)) {
        // A proxy's page says nothing of the next batch; the store's own code does.
        if ((error as StorageError).response?.code !== undefined) client.batches = false;
        return void refused.push(...batch.map((key) => [key]));
      }
      for (const key of batch) failures.push({ key, error: locate(copyOf(error), { operation: "delete", key }) });
    }
  };
  await pool(work, CONCURRENCY, remove);
  await pool(refused, CONCURRENCY, remove);
  return failures;
}

/**
 * Whether a store refuses batches as such, of which it has deleted nothing then: it has no such operation, or refuses our checksum, since
 * Swift wants an MD5 and Backblaze B2 none.
 */
function refusesBatches(error: unknown): boolean {
  return hasCode(error, "unsupported") || (hasCode(error, "unknown") && /md5|checksum/i.test(error.message));
}

/** Deletes a batch, and gives the keys that failed. Those that may succeed later are asked for again, without the others. */
async function deleteBatch(client: Client, keys: readonly Key[], call: CallOptions): Promise<DeleteFailure[]> {
  const { retry: retries, clock } = client.settings;
  const failures: DeleteFailure[] = [];
  let busy: DeleteFailure[] | undefined;
  const attempt = async (): Promise<void> => {
    const refused = await requestBatch(client, busy?.map(({ key }) => key as Key) ?? keys, call);
    busy = [];
    for (const failure of refused) (failure.error.retryable ? busy : failures).push(failure);
    if (busy[0]) throw busy[0].error;
  };
  const judge = (error: unknown): Failure => ({ error, retryable: error === busy?.[0]?.error, kind: "throttled" });
  await retry(retries, client.budget, call.signal, attempt, judge, clock.own).catch((error: unknown) => {
    if (!busy || call.signal?.aborted) throw error;
  });
  return [...failures, ...(busy ?? [])];
}

async function requestBatch(client: Client, keys: readonly Key[], call: CallOptions): Promise<DeleteFailure[]> {
  const { base } = client.settings;
  const asked = new Map(keys.map((key) => [base + key, key]));
  const objects = [...asked.keys()].map((key): Markup => ["Object", [["Key", key]]]);
  const body = writeXml(["Delete", [["Quiet", "true"], ...objects]]);
  const headers = {
    "content-type": "application/xml",
    // Some servers require this or Content-MD5, and the signed payload hash does not count for them.
    "x-amz-checksum-sha256": await sha256Base64(body),
    "x-amz-sdk-checksum-algorithm": "SHA256",
  };
  const operation = { method: "POST", query: { delete: "" }, headers, body, signal: call.signal } as const;
  return client.document(operation, "DeleteResult", (root, _, identity) =>
    childrenOf(root, "Error").flatMap((entry) => {
      const complaint = complaintOf(entry);
      if (complaint.code === "NoSuchKey") return [];
      const key = asked.get(childText(entry, "Key") ?? "");
      // Some key was not deleted, and nobody knows which: so none may be called deleted.
      if (key === undefined) throw new StorageError("corrupt", "the store refused a key that was not asked for");
      return [{ key, error: locate(toStorageError(REFUSED, complaint, identity), { operation: "delete", key }) }];
    }),
  );
}

/** An error of its own for each key of a failed batch: `locate` gives an error its key only once. */
function copyOf(error: unknown): unknown {
  if (!StorageError.is(error)) return error;
  const { cause, response, retryable } = error;
  return new StorageError(error.code, error.message, { cause, response, retryable });
}

/** The head for the failure of one key, which comes within a 200 and has a code but no status. */
const REFUSED: Answer = { status: 200, header: () => null };
