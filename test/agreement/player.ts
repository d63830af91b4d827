/** One driver in a play: what its calls come to, in words that are the same on every driver. */
import { StorageError } from "../../src/error.ts";
import type { ObjectInfo, ObjectStore } from "../../src/interface.ts";

/** One driver in the play. */
export class Player {
  readonly name: string;
  readonly store: ObjectStore & { readonly dispose?: () => unknown };

  constructor(name: string, store: ObjectStore & { readonly dispose?: () => unknown }) {
    this.name = name;
    this.store = store;
  }

  async play(call: Call): Promise<string> {
    try {
      return written(await call.run(this));
    } catch (error) {
      if (!StorageError.is(error)) throw error;
      const { code, operation, key, retryable } = error;
      return written({ code, operation, key, retryable });
    }
  }

  /** The ETag of an object as it is now; one that no object has for none. */
  async etag(key: string): Promise<string> {
    return (await this.store.head(key))?.etag ?? '"none"';
  }
}

/** An info as it must be everywhere; ETags, times and addresses are each store's own. */
export function told(info: Partial<ObjectInfo>): object {
  const own = { etag: /^"[^"]+"$/.test(`${info.etag}`), lastModified: 0, url: 0, location: 0, versionId: 0 };
  return { ...info, metadata: { ...info.metadata }, ...own };
}

/** What a call came to as text, by names in order, without what is no data. */
function written(outcome: unknown): string {
  const sorted = (_: string, value: unknown): unknown =>
    value && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return JSON.stringify(outcome ?? null, sorted, 1);
}

/** A call that can be made on any of them. */
export interface Call {
  readonly says: string;
  run(player: Player): Promise<unknown>;
}
