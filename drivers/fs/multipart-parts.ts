/** The parts of an upload: files named by their numbers, each whole from the moment it has its name. */
import type { Source, StoredPart } from "../../src/backend.ts";
import { MAX_PARTS } from "../../src/plan.ts";
import { over } from "../../src/resume.ts";
import { discard, writeDraft } from "./draft.ts";
import { isAbsent, onDisk, patiently } from "./errno.ts";
import { lookAt, namesIn } from "./file.ts";
import { etagOf } from "./identity.ts";
import { rename } from "./host.ts";
import { endUpload, findUpload, uploadFolder } from "./multipart-folder.ts";
import type { Settings } from "./options.ts";
import type { Root } from "./root.ts";
import { syncNames } from "./sync.ts";

const NUMBER = /^[1-9]\d{0,4}$/;

/** Stores a part in place of an earlier one of its number. */
export async function storePart(
  root: Root,
  settings: Settings,
  key: string,
  uploadId: string,
  partNumber: number,
  source: Source,
  signal: AbortSignal | undefined,
): Promise<StoredPart> {
  const draft = await writeDraft(root, settings, source, { signal });
  return onDisk(async () => {
    const folder = uploadFolder(uploadId);
    try {
      await patiently(() => rename(root.path(draft.path), root.path(`${folder}/${partNumber}`)));
      if (draft.durable) await syncNames(root, folder);
    } catch (error) {
      await discard(root, draft.path);
      throw isAbsent(error) ? over() : error;
    }
    // One that was aborted meanwhile may have been looked through before this part came.
    if (!(await findUpload(root, key, uploadId))) {
      await endUpload(root, uploadId);
      throw over();
    }
    return { partNumber, etag: etagOf(draft.stats), size: Number(draft.stats.size) };
  });
}

/** The parts of an upload, ascending; null for one that is over. */
export async function partsOf(root: Root, key: string, uploadId: string): Promise<readonly StoredPart[] | null> {
  if (!(await findUpload(root, key, uploadId))) return null;
  const parts = await storedParts(root, uploadId);
  // They go after the record: where that has gone meanwhile, some of them may have been missed.
  return (await findUpload(root, key, uploadId)) ? parts : null;
}

/** The parts that are stored, ascending. */
export async function storedParts(root: Root, uploadId: string): Promise<readonly StoredPart[]> {
  const folder = uploadFolder(uploadId);
  const parts: StoredPart[] = [];
  for (const name of await namesIn(root.path(folder))) {
    const partNumber = NUMBER.test(name) ? Number(name) : 0;
    if (partNumber < 1 || partNumber > MAX_PARTS) continue;
    const stats = await lookAt(root.path(`${folder}/${name}`));
    if (!stats?.isFile()) continue;
    const lastModified = new Date(Number(stats.mtimeMs));
    parts.push({ partNumber, etag: etagOf(stats), size: Number(stats.size), lastModified });
  }
  return parts.sort((a, b) => a.partNumber - b.partNumber);
}
