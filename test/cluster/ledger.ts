/** What a store owes: which version of each key was acknowledged, and which others may be found instead. */

/** What a caller may believe of a write: that it is stored, that it is not, or neither. */
export type Outcome = "acknowledged" | "refused" | "uncertain";

interface Entry {
  acknowledged: number;
  issued: number;
  /** Versions that may have been stored although nobody said so. */
  readonly uncertain: Set<number>;
}

/** One write that is under way. */
export interface Write {
  readonly version: number;
  readonly end: (outcome: Outcome) => void;
}

/**
 * Keys with versions that count up from 1. A key has one writer at a time, and no writer begins a version before the last
 * one was answered: then what may be read follows from the answers alone.
 */
export class Ledger {
  readonly #entries = new Map<string, Entry>();

  /** Every key that something was acknowledged for. */
  keys(): string[] {
    return [...this.#entries].filter(([, { acknowledged }]) => acknowledged > 0).map(([key]) => key);
  }

  /** Begins the next version of a key. */
  begin(key: string): Write {
    const entry = this.#entries.get(key) ?? { acknowledged: 0, issued: 0, uncertain: new Set<number>() };
    this.#entries.set(key, entry);
    const version = ++entry.issued;
    // Until it is answered it may be seen or not.
    entry.uncertain.add(version);
    return {
      version,
      end: (outcome) => {
        if (outcome === "acknowledged") entry.acknowledged = version;
        if (outcome !== "uncertain") entry.uncertain.delete(version);
      },
    };
  }

  /** To be called when a read begins; what it returns says of the version that was found what is wrong with it, if anything. */
  judge(key: string): (found: number) => string | undefined {
    const entry = this.#entries.get(key);
    const before = entry?.acknowledged ?? 0;
    return (found) => {
      if (!entry || found > entry.issued) return `version ${found} was never written`;
      if (found < before) return `version ${before} was acknowledged and version ${found} is there`;
      // Equal to `before` is right; above, it was acknowledged meanwhile or may be there.
      if (found > entry.acknowledged && !entry.uncertain.has(found)) return `version ${found} was refused and is there`;
      return undefined;
    };
  }
}
