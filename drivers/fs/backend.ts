/** The folder as a backend. */
import type { Backend, DeleteFailure, Key, PutOptions, Source } from "../../src/backend.ts";
import { locate, StorageError } from "../../src/error.ts";
import { encodePath } from "../../src/key.ts";
import { abandon } from "../../src/reader.ts";
import { summing } from "./checksum.ts";
import { commit } from "./commit.ts";
import { checkPresent } from "./conditions.ts";
import { copy } from "./copy.ts";
import { writeDraft } from "./draft.ts";
import { fromErrno, onDisk } from "./errno.ts";
import { findAll, placesOf } from "./find.ts";
import { lister } from "./list.ts";
import { multipart } from "./multipart.ts";
import { parseOptions, type FsOptions } from "./options.ts";
import { get, head } from "./read.ts";
import { type Description, recordText } from "./record.ts";
import { remove } from "./remove.ts";
import { rootAt } from "./root.ts";
import { sweep } from "./sweep.ts";
import { watchFolder } from "./watch.ts";

/** Checks the options, rejecting `invalid-option`, and resolves the base; touches nothing on the disk. */
export function fsBackend(options: FsOptions): Backend {
  const settings = parseOptions(options);
  const root = rootAt(settings.base, settings.mode);
  const list = lister(root, settings);
  const location = (key: Key): string => root.path(placesOf(root, key)[0].path);
  const onObject = <T>(key: Key, work: () => Promise<T>): Promise<T> => onDisk(work, () => location(key));
  const watches = new Set<Promise<() => void>>();
  let swept = false;

  function beforeWrite(): void {
    if (settings.readOnly) throw new StorageError("denied", "the folder is mounted with readOnly; nothing was changed");
    if (swept) return;
    swept = true;
    void sweep(root);
  }

  async function put(key: Key, source: Source, options: PutOptions) {
    try {
      beforeWrite();
      // A condition that fails already fails before the body is sent for nothing. What counts is the check at the end.
      if (options.ifMatch !== undefined || options.ifNoneMatch !== undefined) {
        await onDisk(async () =>
          checkPresent(key, (await root.exists()) ? (await findAll(root, key))[0] : undefined, options),
        );
      }
    } catch (error) {
      if ("stream" in source) await abandon(source.stream, error);
      throw error;
    }
    const body = await summing(settings.checksums, source, options);
    // Asked for when all bytes have come, since their checksum is not known before.
    const described = (): Description => ({ ...options, checksum: body.checksum() });
    const record = (): string | null => recordText(key, described());
    const draft = await writeDraft(root, settings, body.source, { ...options, record });
    return onObject(key, () => commit(root, settings, key, draft, described(), options));
  }

  /** Deletes are durable by default, as puts are; the key-value verbs ask for less of puts, and cannot of deletes. */
  const durable = settings.durable ?? true;

  return {
    head: (key) => onObject(key, () => head(root, key)),
    get: (key, options) => onObject(key, () => get(root, settings, key, options)),
    put,
    delete: async (key, { ifMatch, signal }) => {
      beforeWrite();
      const failed = (error: unknown): never => {
        throw error;
      };
      await onObject(key, () => remove(root, [key], { durable, ifMatch, signal, failed }));
    },
    deleteMany: async (keys, { signal }) => {
      // Outside the failures: what forbids all of them is one refusal, not one for each key.
      beforeWrite();
      const failures: DeleteFailure[] = [];
      const failed = (error: unknown, key: Key): void => {
        failures.push({ key, error: locate(fromErrno(error, location(key)), { operation: "delete", key }) });
      };
      await onDisk(() => remove(root, keys, { durable, signal, failed }));
      return failures;
    },
    list: (options) => onDisk(() => list(options)),
    copy: async (from, to, options) => {
      beforeWrite();
      return onObject(to, () => copy(root, settings, from, to, options));
    },
    multipart: multipart(root, settings, beforeWrite),
    presign: settings.presign,
    location,
    url: (key) => (settings.publicUrl === undefined ? null : `${settings.publicUrl}/${encodePath(key)}`),
    watch: async (listener) => {
      const started = onDisk(() => watchFolder(root, settings, listener));
      watches.add(started);
      try {
        const stop = await started;
        return () => {
          watches.delete(started);
          stop();
        };
      } catch (error) {
        watches.delete(started);
        throw error;
      }
    },
    close: async () => {
      root.release();
      // One that is about to start is waited for. One that could not start has told its caller.
      for (const stopped of await Promise.allSettled(watches)) if (stopped.status === "fulfilled") stopped.value();
      watches.clear();
    },
  };
}
