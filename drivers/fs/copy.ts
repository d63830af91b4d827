/** Copying an object inside the folder. */
import type { BackendCopyOptions, Key, StoredInfo } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { headersOf } from "../../src/options.ts";
import { checkRead } from "../../src/whole.ts";
import { pathOf } from "./anchor.ts";
import { commit } from "./commit.ts";
import { checkPresent } from "./conditions.ts";
import { copyDraft, discard, type Draft } from "./draft.ts";
import { isAbsent } from "./errno.ts";
import { lookAt } from "./file.ts";
import { findAll } from "./find.ts";
import { isSame } from "./identity.ts";
import type { Settings } from "./options.ts";
import { infoOf, openVersion } from "./read.ts";
import { recordText } from "./record.ts";
import type { Root } from "./root.ts";

const ATTEMPTS = 10;

/** Copies bytes and headers of one version; null when there is no source. */
export async function copy(
  root: Root,
  settings: Settings,
  from: Key,
  to: Key,
  options: BackendCopyOptions,
): Promise<StoredInfo | null> {
  const { ifMatch, ifNoneMatch, signal } = options;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const version = await openVersion(root, from);
    if (!version) return null;
    const { stats, headers, candidate, file } = version;
    const opened = pathOf(file);
    const info = infoOf(from, stats, headers);
    const description = { ...headersOf(info), checksum: headers.checksum };
    let draft: Draft | undefined;
    let isWhole: boolean;
    try {
      checkRead(info, { ifMatch });
      // A condition that fails already fails before the bytes are copied for nothing. What counts is the check at the end.
      if (ifNoneMatch !== undefined) checkPresent(to, (await findAll(root, to))[0], { ifNoneMatch });
      draft = await copyDraft(root, settings, opened ?? root.path(candidate.path), recordText(to, description));
      // It is a copy of this version if the path that was copied still leads to it: the open file if nobody wrote into that, else its name.
      const now = await (opened === null ? lookAt(root.path(candidate.path)) : file.stat());
      isWhole = now !== null && isSame(now, stats) && draft.stats.size === stats.size;
    } catch (error) {
      if (draft) await discard(root, draft.path);
      if (isAbsent(error)) continue;
      throw error;
    } finally {
      await file.close();
    }
    if (isWhole) return commit(root, settings, to, draft, description, { ifNoneMatch, signal });
    await discard(root, draft.path);
  }
  throw new StorageError("unavailable", "the source is replaced faster than it can be copied");
}
