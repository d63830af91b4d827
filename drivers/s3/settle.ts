/**
 * Writes whose answer was lost. Conditional writes and multipart uploads carry an id in the metadata of their object, by which a HEAD tells
 * whether the object that is there is theirs.
 */
import type { CompleteOptions, Key, StoredVersion } from "../../src/backend.ts";
import { hasCode, StorageError } from "../../src/error.ts";
import type { HeaderMap } from "../../src/s3/headers.ts";
import type { Client } from "./client.ts";
import { asPrecondition } from "./conditions.ts";
import { inDoubt } from "./doubt.ts";
import { checkStore, storedVersion, WRITE_ID } from "./headers.ts";

/** Bytes of user metadata that leave room for the id, of the 2 KB that stores allow. */
const ROOM = 1900;
/** Milliseconds by which a store's dates may be off, since they are cut to seconds. */
const SLACK = 2000;

/** An id for one write, and its header; neither where the driver's `writeId` is off or the metadata leaves no room. */
export function writeMark(client: Client, stored: HeaderMap): { writeId?: string; header?: HeaderMap } {
  const taken = JSON.stringify(Object.entries(stored).filter(([name]) => name.startsWith("x-amz-meta-"))).length;
  if (!client.settings.writeId || taken > ROOM) return {};
  const writeId = crypto.randomUUID().replaceAll("-", "");
  return { writeId, header: { [WRITE_ID]: writeId } };
}

/** What a HEAD finds where a write may have taken effect; dates in milliseconds, NaN where the store tells none. */
interface Found {
  /** What the write made; null when there is no object, or another one. */
  readonly version: StoredVersion | null;
  readonly absent: boolean;
  readonly modified: number;
  readonly now: number;
}

/** Looks whether the object under a key was made by the write with this id. */
export function findWrite(
  client: Client,
  key: Key,
  writeId: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Found> {
  return client.send({ method: "HEAD", key, signal, accept: [404] }, async (response) => {
    await response.discard();
    const absent = response.status === 404;
    if (!absent) checkStore(response);
    const ours = response.header(WRITE_ID) === writeId;
    return {
      absent,
      version: ours ? storedVersion(response, response.header("etag")) : null,
      modified: Date.parse(response.header("last-modified") ?? ""),
      now: Date.parse(response.header("date") ?? ""),
    };
  });
}

/**
 * Runs a write, and looks whether its object is there when the answer was lost; also when the store says that the condition does not hold
 * or that the upload is gone. That is what a second write is told, and a proxy before several servers repeats a write whose first answer it
 * has lost, and passes the second answer on.
 */
export async function settle(
  client: Client,
  key: Key,
  options: Omit<CompleteOptions, "checksum">,
  write: () => Promise<StoredVersion>,
): Promise<StoredVersion> {
  const { writeId, signal } = options;
  // By the machine's own clock, since the store's may be put right meanwhile, and by one that nobody sets back.
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
    const found = await findWrite(client, key, writeId, signal).catch((failed: unknown) => {
      signal?.throwIfAborted();
      // A refusal may be true or an echo: while the look may succeed later, that is in doubt; where it is denied, the store's word counts.
      throw !lost && StorageError.is(failed) && failed.retryable ? inDoubt(error) : error;
    });
    if (found.version) return found.version;
    // An object older than our first attempt shows that the refusal behind `ambiguous` was no echo: the attempt never took effect. A younger
    // object may have replaced ours.
    const refused = hasCode(error.cause, "precondition-failed");
    const took = Math.max(own.now() - begun, performance.now() - started);
    const firstAttempt = found.now - took - SLACK;
    throw refused && found.modified < firstAttempt ? error.cause : error;
  }
}
