/** Where in the order of keys a walk continues. */
import { compareKeys } from "../../src/key.ts";
import { toUtf8 } from "../../src/utf8.ts";
import { compareBytes } from "./order.ts";

/** A point in the order of keys: behind `after`, and with `within` also behind every key that begins with it. */
export interface Position {
  readonly after: string;
  readonly within: boolean;
}

/** A position that may move forward during a walk. */
export interface Seek {
  move(position: Position): void;
  /** Whether a key is still to come. */
  passes(key: string): boolean;
  /** Whether all keys that begin with this are behind. */
  isBehind(prefix: string): boolean;
  /** The same of a prefix in bytes, which may end within a character. */
  isBehindBytes(prefix: Uint8Array): boolean;
}

/** A position to start from; without one everything is to come. */
export function seekFrom(start?: Position): Seek {
  let position = start;
  let bytes = toUtf8(start?.after ?? "");
  return {
    move(next) {
      position = next;
      bytes = toUtf8(next.after);
    },
    passes(key) {
      if (!position) return true;
      return compareKeys(key, position.after) > 0 && !(position.within && key.startsWith(position.after));
    },
    isBehind(prefix) {
      if (!position) return false;
      if (position.within && prefix.startsWith(position.after)) return true;
      return !position.after.startsWith(prefix) && compareKeys(prefix, position.after) < 0;
    },
    isBehindBytes(prefix) {
      if (!position) return false;
      if (position.within && startsWithBytes(prefix, bytes)) return true;
      return !startsWithBytes(bytes, prefix) && compareBytes(prefix, bytes) < 0;
    },
  };
}

/** Whether bytes begin with other bytes. */
function startsWithBytes(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return compareBytes(bytes.subarray(0, prefix.length), prefix) === 0;
}
