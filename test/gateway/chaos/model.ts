/** What keys may hold, by what was acknowledged and what is in doubt. */
import { type Answer, type Content, shaOf } from "./client.ts";

/** One version of one key; `content` undefined for none. */
export interface Version {
  readonly content: Content | undefined;
  readonly etag?: string | undefined;
  /** When it was sent, or replaced, in milliseconds. */
  readonly at: number;
  /** Whether it was sent once, and that was acknowledged: it cannot come again. */
  readonly once?: boolean;
}

/** Milliseconds in which a request that nobody waits for any more may still be carried out. */
const LATE = 15_000;

/** The type that a version is stored with, by which a mixture of two would be seen. */
export function typeOf(vid: string): string {
  return `application/x-${vid}`;
}

/** The keys of one writer. Whatever is read of them and cannot be is an error with the key's history. */
export class Model {
  readonly keys: readonly string[];
  readonly #possible = new Map<string, readonly Version[]>();
  /** What may still come behind an acknowledged version: sent before it, or by a client that asked twice. */
  readonly #late = new Map<string, readonly Version[]>();
  readonly #history = new Map<string, string[]>();

  constructor(keys: readonly string[]) {
    this.keys = keys;
  }

  /** What a key may hold now. */
  possible(key: string): readonly Version[] {
    return this.#possible.get(key) ?? [{ content: undefined, at: 0, once: true }];
  }

  /** Whether nothing else can come. */
  isSettled(key: string): boolean {
    return this.possible(key).length === 1 && this.#lateOf(key).length === 0;
  }

  /** All that may be read of a key. */
  readable(key: string): readonly Version[] {
    return [...this.possible(key), ...this.#lateOf(key)];
  }

  note(key: string, line: string): void {
    const lines = this.#history.get(key) ?? [];
    this.#history.set(key, [...lines.slice(-30), `${new Date().toISOString().slice(14)} ${line}`]);
  }

  /** The one version that is there from now on. */
  acknowledged(key: string, version: Version): void {
    this.#replace(key, this.possible(key), version);
  }

  /** A version that may be there, now or soon. */
  doubtful(key: string, version: Version): void {
    this.#possible.set(key, [...this.possible(key), { ...version, at: Date.now() }]);
  }

  /** Holds what was read against the model. */
  read(key: string, { error, ...answer }: Answer): void {
    if (error !== undefined) {
      if (!this.readable(key).some(({ content }) => content === undefined)) this.fail(key, "is lost");
      if (this.possible(key).some(({ content }) => content === undefined)) this.#settle(key, undefined);
      return;
    }
    const { vid = "" } = answer.Metadata ?? {};
    const named = this.readable(key).filter(({ content }) => content?.vid === vid);
    const version = named.find(({ etag }) => etag === undefined || etag === answer.ETag) ?? named[0];
    const { content } = version ?? {};
    if (!version || !content) this.fail(key, `has a version that cannot be there: ${JSON.stringify(answer)}`);
    if (answer.ContentType !== typeOf(vid)) this.fail(key, `${vid} has the type ${answer.ContentType}`);
    this.#whole(key, content, answer);
    this.#settle(key, { ...version, etag: answer.ETag });
  }

  /** Holds an entry of a list, or that there is none, against the model. */
  listed(key: string, entry: { readonly Size: number; readonly ETag: string } | undefined): void {
    const fits = this.readable(key).some(({ content, etag }) =>
      entry ? content?.size === entry.Size && (etag ?? entry.ETag) === entry.ETag : content === undefined,
    );
    // A version that a client has sent twice may have another ETag than the one that it was told.
    if (!fits && this.isSettled(key)) this.fail(key, `is listed as ${JSON.stringify(entry)}`);
  }

  fail(key: string, what: string): never {
    const lines = [...(this.#history.get(key) ?? []), `may hold ${JSON.stringify(this.readable(key))}`];
    throw new Error([`${key} ${what}`, ...lines].join("\n  "));
  }

  #whole(key: string, content: Content, { bytes, sha, ContentLength, ContentRange }: Answer): void {
    const [, start, end, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(ContentRange ?? "") ?? [];
    const size = start === undefined ? ContentLength : Number(total);
    if (size !== content.size) this.fail(key, `${content.vid} has ${size} bytes`);
    if (sha === undefined) return;
    const part = start === undefined ? {} : { start: Number(start), end: Number(end) + 1 };
    if (bytes !== ContentLength || sha !== shaOf({ ...content, ...part })) this.fail(key, `${content.vid} is torn`);
  }

  /** What is read is what is there, until something comes late. */
  #settle(key: string, version: Version | undefined): void {
    const vid = version?.content?.vid;
    const others = this.possible(key).filter(({ content }) => content?.vid !== vid);
    this.#replace(key, others, version ?? { content: undefined, at: Date.now(), once: true });
  }

  #replace(key: string, before: readonly Version[], version: Version): void {
    const repeated = before.filter(({ once }) => !once).map((one) => ({ ...one, at: Date.now() }));
    this.#late.set(key, [...this.#lateOf(key), ...repeated]);
    this.#possible.set(key, [version]);
  }

  #lateOf(key: string): readonly Version[] {
    return (this.#late.get(key) ?? []).filter(({ at }) => Date.now() - at < LATE);
  }
}
