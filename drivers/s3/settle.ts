/**
 * Writes whose answer was lost. A conditional write and a multipart upload carry an id in their metadata; when the answer to
 * one is lost, a HEAD says whether the object is ours.
 */
import type { CompleteOptions, Key, StoredVersion } from "../../src/backend.ts";
import { hasCode, StorageError } from "../../src/error.ts";
import type { HeaderMap } from "../../src/s3/headers.ts";
import type { Client } from "./client.ts";
import { asPrecondition } from "./conditions.ts";
import { inDoubt } from "./doubt.ts";
import { ofStore, versionOf, WRITE_ID } from "./headers.ts";

/** What user metadata may take beside the id, of the 2 KB that stores give it. */
const ROOM = 1900;
/** Milliseconds that a store's dates may be off, since they are cut to seconds. */
const SLACK = 2000;

/** An id for one write, and its header; neither where the driver's `writeId` is off or the metadata leaves no room. */
export function writeMark(client: Client, stored: HeaderMap): { writeId?: string; header?: HeaderMap } {
  const taken = JSON.stringify(Object.entries(stored).filter(([name]) => name.startsWith("x-amz-meta-"))).length;
  if (!client.settings.writeId || taken > ROOM) return {};
  const writeId = crypto.randomUUID().replaceAll("-", "");
  return { writeId, header: { [WRITE_ID]: writeId } };
}

/** What a HEAD says of a write: the object's version if it carries this id, else what it is instead. */
interface Found {
  readonly version: StoredVersion | null;
  readonly absent: boolean;
  readonly modified: number;
  readonly now: number;
}

/** Looks at the object under a key. */
export function whose(
  client: Client,
  key: Key,
  writeId: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Found> {
  return client.send({ method: "HEAD", key, signal, accept: [404] }, async (response) => {
    await response.discard();
    const absent = response.status === 404;
    if (!absent) ofStore(response);
    const ours = response.header(WRITE_ID) === writeId;
    return {
      absent,
      version: ours ? versionOf(response, response.header("etag")) : null,
      modified: Date.parse(response.header("last-modified") ?? ""),
      now: Date.parse(response.header("date") ?? ""),
    };
  });
}

/**
 * Runs a write, and asks the store whose the object is now when its answer was lost, or when it was told what a second one would
 * be told: that the condition does not hold, that the upload is gone. A proxy before several servers repeats a write whose first
 * answer it lost, and passes on the second.
 */
export async function settle(
  client: Client,
  key: Key,
  options: Omit<CompleteOptions, "checksum">,
  write: () => Promise<StoredVersion>,
): Promise<StoredVersion> {
  const { writeId, signal } = options;
  // The machine's own clock, since the store's may be put right meanwhile; and one that nobody puts back.
  const { own } = client.settings.clock;
  const begun = own.now();
  const started = performance.now();
  try {
    return await write();
  } catch (thrown) {
    const error = asPrecondition(thrown, options);
    if (!StorageError.is(error) || writeId === undefined) throw error;
    const lost = error.code === "ambiguous";
    if (!lost && error.code !== "precondition-failed" && error.response?.code !== "NoSuchUpload") throw error;
    const found = await whose(client, key, writeId, signal).catch((failed: unknown) => {
      signal?.throwIfAborted();
      // Who may not look has the store's word, and no more; who could not get through does not know.
      throw !lost && StorageError.is(failed) && failed.retryable ? inDoubt(error) : error;
    });
    if (found.version) return found.version;
    // A refusal that is the store's own word has no other behind it.
    const refused = hasCode(error.cause, "precondition-failed");
    // Older than our first attempt: then that never took effect, and the refusal was no echo of it. One that is younger may
    // have replaced ours.
    const took = Math.max(own.now() - begun, performance.now() - started);
    const before = found.now - took - SLACK;
    throw refused && found.modified < before ? error.cause : error;
  }
}
