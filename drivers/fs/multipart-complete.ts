/** Making the object out of its parts: joined in a draft, published as any other, once. */
import type { Key, UploadedPart } from "../../src/backend.ts";
import type { ChecksumAlgorithm } from "../../src/checksum/algorithm.ts";
import { listedParts } from "../../src/listed.ts";
import { refuse } from "../../src/options.ts";
import { over } from "../../src/resume.ts";
import { type Checksums, summing } from "./checksum.ts";
import { commit } from "./commit.ts";
import { checkPresent, type Conditions } from "./conditions.ts";
import { discard, type Draft, writeDraft } from "./draft.ts";
import { findAll } from "./find.ts";
import { etagOf } from "./identity.ts";
import { endUpload, findUpload, type Upload, withUploadLock } from "./multipart-folder.ts";
import { joined } from "./multipart-join.ts";
import { storedParts } from "./multipart-parts.ts";
import type { Settings } from "./options.ts";
import { folderOf } from "./path.ts";
import { openVersion } from "./read.ts";
import { type Description, recordText } from "./record.ts";
import type { Root } from "./root.ts";
import { flushing, syncNames } from "./sync.ts";

/** What is to be completed, and how. */
export interface Completion {
  readonly key: Key;
  readonly uploadId: string;
  readonly list: readonly UploadedPart[];
  readonly conditions: Conditions;
}

/** An object that an upload has made, and the folder that holds it. */
interface Made {
  readonly etag: string;
  readonly folder: string;
}

/** The object if this upload has made it, as its record says, else null. */
export async function madeBy(root: Root, key: Key, uploadId: string): Promise<Made | null> {
  const version = await openVersion(root, key);
  if (!version) return null;
  const { headers, stats, candidate, file } = version;
  await file.close();
  return headers.uploadId === uploadId ? { etag: etagOf(stats), folder: folderOf(candidate.path) } : null;
}

/**
 * Completes an upload; gives the object's ETag. The parts stay until the object has its name, so whatever stops this leaves an upload that
 * can be completed again. If the process dies between the two, the next attempt finds the object to be its own.
 */
export async function completeUpload(root: Root, settings: Settings, completion: Completion): Promise<string> {
  const { key, uploadId, conditions } = completion;
  const whole = await join(root, settings, completion);
  try {
    return await withUploadLock(root, uploadId, { signal: conditions.signal }, async () => {
      const made = await madeBy(root, key, uploadId);
      let etag: string | null = null;
      if (made) etag = await confirm(root, settings, made);
      else if (whole) {
        if (!(await findUpload(root, key, uploadId))) throw over();
        ({ etag } = await commit(root, settings, key, whole.draft, whole.description, conditions));
      }
      // What cannot be removed now is swept, as an upload whose object is there.
      await endUpload(root, uploadId).catch(() => {});
      // Completed by another call, and replaced since.
      if (etag === null) throw over();
      return etag;
    });
  } finally {
    if (whole) await discard(root, whole.draft.path);
  }
}

/** The parts as a draft, and what is to be recorded of it; null when the object is made already. */
async function join(
  root: Root,
  settings: Settings,
  { key, uploadId, list, conditions }: Completion,
): Promise<{ readonly draft: Draft; readonly description: Description } | null> {
  const { signal } = conditions;
  try {
    const upload = await findUpload(root, key, uploadId);
    if (!upload) throw over();
    const parts = listedParts(list, await storedParts(root, uploadId));
    checkPresent(key, (await findAll(root, key))[0], conditions);
    const checksum = algorithmOf(settings.checksums, upload);
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    const body = await summing(settings.checksums, { stream: joined(root, uploadId, parts), size }, { checksum });
    // The record says which upload has made it.
    const described = (): Description => ({ ...upload.headers, checksum: body.checksum(), uploadId });
    const record = (): string | null => recordText(key, described());
    const draft = await writeDraft(root, settings, body.source, { signal, record });
    return { draft, description: described() };
  } catch (error) {
    signal?.throwIfAborted();
    // Whatever the failure: another call may have made the object, and removed the parts, before or meanwhile.
    if (await madeBy(root, key, uploadId)) return null;
    throw (await findUpload(root, key, uploadId)) ? error : over();
  }
}

/** The algorithm that an upload was begun with. */
function algorithmOf({ known }: Checksums, { checksum }: Upload): ChecksumAlgorithm | false {
  if (checksum === undefined) return false;
  const algorithm = known.get(checksum);
  if (algorithm) return algorithm;
  throw refuse("checksum", `of the driver must have ${checksum}, with which the upload was begun`);
}

/** Flushes the name of an object that is made already: whoever gave it may not have lived to do so. Gives its ETag. */
async function confirm(root: Root, { durable = true }: Settings, { etag, folder }: Made): Promise<string> {
  if (durable) await flushing("stored", () => syncNames(root, folder));
  return etag;
}
