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

const MAX_KEYS = 1000;
const AT_A_TIME = 8;

/** Deletes one object, or what of it the query names; an absent one is success, an absent bucket is not. */
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
    // No store says so much to a delete; what stands between may, as where a network asks for a login first. A 204 has no page,
    // whatever type it names: Swift and moto name this one.
    if (response.status !== 204 && response.header("content-type")?.startsWith("text/html"))
      throw new StorageError("corrupt", "the store or a proxy answered with a page", { retryable: true });
  });
}

/**
 * The same, where a condition that is refused may be of an attempt of ours whose answer was lost.
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
  const refused: Key[][] = [];
  // What XML cannot carry, and everything on a store without the batch operation, goes one by one.
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
        // By the store itself: a proxy's page says nothing of the next one.
        if ((error as StorageError).response?.code !== undefined) client.batches = false;
        return void refused.push(...batch.map((key) => [key]));
      }
      for (const key of batch) failures.push({ key, error: locate(copyOf(error), { operation: "delete", key }) });
    }
  };
  await pool(work, AT_A_TIME, remove);
  await pool(refused, AT_A_TIME, remove);
  return failures;
}

/**
 * Whether a store has refused the form of a batch, of which it then deletes nothing: it has no such operation, or asks for the MD5 alone
 * as Swift does, or for no checksum as Backblaze B2.
 */
function refusesBatches(error: unknown): boolean {
  return hasCode(error, "unsupported") || (hasCode(error, "unknown") && /md5|checksum/i.test(error.message));
}

/** Keys that the store refuses for a moment are asked again by themselves. */
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
    // Required: some servers want this or Content-MD5, and do not take the signed payload hash for it.
    "x-amz-checksum-sha256": await sha256Base64(body),
    "x-amz-sdk-checksum-algorithm": "SHA256",
  };
  const operation = { method: "POST", query: { delete: "" }, headers, body, signal: call.signal } as const;
  return client.document(operation, "DeleteResult", (root, _, identity) =>
    childrenOf(root, "Error").flatMap((entry) => {
      const complaint = complaintOf(entry);
      if (complaint.code === "NoSuchKey") return [];
      const key = asked.get(childText(entry, "Key") ?? "");
      // Whichever key it means, it is not deleted: then none may be called so.
      if (key === undefined) throw new StorageError("corrupt", "the store refused a key that was not asked for");
      return [{ key, error: locate(toStorageError(REFUSED, complaint, identity), { operation: "delete", key }) }];
    }),
  );
}

/** Errors get their place once; every key of a failed batch needs one of its own. */
function copyOf(error: unknown): unknown {
  if (!StorageError.is(error)) return error;
  const { cause, response, retryable } = error;
  return new StorageError(error.code, error.message, { cause, response, retryable });
}

/** A key's failure comes within a 200, with a code but no status of its own. */
const REFUSED: Answer = { status: 200, header: () => null };
