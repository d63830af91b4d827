/**
 * Documents: a record and an object that exist together or not at all.
 *
 * No transaction spans a database and a store, so the record says first what is about to happen: `creating` before the
 * upload, `deleting` before the delete. Whatever is interrupted in between is found by its state and undone or finished.
 */
import type { ObjectStore } from "unbucket";
import type { GuardedFile } from "unbucket/guard";
import type { DocumentRow, DocumentTable } from "./database.ts";

/** What a sweep did. */
export interface Sweep {
  /** Documents whose interrupted upload was undone or whose delete was finished. */
  readonly finished: number;
  /** Documents that could not be finished now; the next sweep tries again. */
  readonly failed: number;
}

/** The verbs of the documents service. */
export interface Documents {
  /** Rejects with nothing left behind, neither object nor record. */
  create(user: string, file: GuardedFile): Promise<DocumentRow>;
  list(user: string | undefined, limit: number): Promise<DocumentRow[]>;
  /** Null for an unknown id, and for a document that is not whole. */
  find(id: string): Promise<DocumentRow | null>;
  /** False when there is no such document. After a failure it can be called again. */
  remove(id: string): Promise<boolean>;
  /** Finishes what was interrupted. Safe at any time and as often as wanted. */
  sweep(): Promise<Sweep>;
}

/**
 * Documents in a store and a table.
 *
 * @param lease Seconds after which an upload of another process that shows no progress counts as interrupted. Default 0: the
 * database belongs to this process alone.
 */
export function createDocuments(store: ObjectStore, table: DocumentTable, lease: number = 0): Documents {
  const uploading = new Set<string>();

  /** Object first: a record without an object can be found again, an object without a record cannot. */
  async function erase(row: DocumentRow): Promise<void> {
    await store.delete(row.key);
    await table.remove(row.id);
  }

  async function undo(row: DocumentRow): Promise<void> {
    try {
      await table.retire(row.id, ["creating", "ready"]);
      await erase(row);
    } catch (error) {
      console.error(`Document ${row.id} is left to POST /documents/sweep:`, error);
      // The record may be what fails: at least the object goes.
      await store.delete(row.key).catch(() => {});
    }
  }

  async function write(row: DocumentRow, file: GuardedFile): Promise<DocumentRow> {
    let touched = Date.now();
    const info = await store.upload(row.key, file.body, {
      contentType: file.contentType,
      onProgress: () => {
        if (lease === 0 || Date.now() - touched < lease * 250) return;
        touched = Date.now();
        table.touch(row.id).catch(() => {});
      },
    });
    if (!(await table.complete(row.id, info.size, info.url))) {
      throw new Error(`Document ${row.id} was swept away while it was being uploaded.`);
    }
    return { ...row, size: info.size, url: info.url, state: "ready" };
  }

  return {
    async create(user, file) {
      const id = crypto.randomUUID();
      const row: DocumentRow = {
        id,
        user,
        filename: file.filename,
        key: `documents/${user}/${id}/${file.filename}`,
        url: null,
        size: 0,
        contentType: file.contentType,
        state: "creating",
        createdAt: new Date().toISOString(),
        touchedAt: Date.now(),
      };
      uploading.add(id);
      try {
        await table.insert(row);
        return await write(row, file);
      } catch (error) {
        await undo(row);
        throw error;
      } finally {
        uploading.delete(id);
      }
    },

    list: (user, limit) => table.list(user, limit),

    async find(id) {
      const row = await table.get(id);
      return row?.state === "ready" ? row : null;
    },

    async remove(id) {
      const row = await table.get(id);
      if (row === null || !(await table.retire(id, ["ready", "deleting"]))) return false;
      await erase(row);
      return true;
    },

    async sweep() {
      let finished = 0;
      let failed = 0;
      for (const row of await table.unfinished(Date.now() - lease * 1000)) {
        if (uploading.has(row.id)) continue;
        try {
          // Retired first: an upload that still runs elsewhere then fails to complete and takes its own object back.
          if (row.state === "creating" && !(await table.retire(row.id, ["creating"]))) continue;
          await erase(row);
          finished += 1;
        } catch (error) {
          console.error(`Document ${row.id} could not be swept:`, error);
          failed += 1;
        }
      }
      return { finished, failed };
    },
  };
}
