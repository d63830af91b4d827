/** Random calls of one worker on few keys, each written down as what it says of them. */
import type { Driver } from "../../src/driver.ts";
import { StorageError } from "../../src/error.ts";
import type { ObjectInfo, UploadBody, UploadOptions } from "../../src/interface.ts";
import { chance } from "../support/chance.ts";
import type { Act, Told } from "./register.ts";
import {
  absent,
  bodyOf,
  idOf,
  type Kind,
  maybeGone,
  MENU,
  nothing,
  OPEN,
  plain,
  seenBy,
  slow,
  type Step,
  whole,
  wrote,
} from "./step.ts";

/** Where and how a player plays. */
export interface Play {
  readonly store: Driver;
  /** Of this player alone, among all that play on the keys. */
  readonly name: string;
  readonly seed: number;
  readonly keys: readonly string[];
  /** The next instant: later than all that any player was given before. */
  readonly clock: () => number;
  /** What is left out. */
  readonly without?: readonly Kind[];
  /** Whether nothing is written but bytes, so that a folder needs no records. */
  readonly bare?: boolean | undefined;
  /** Whether a request may be sent again. */
  readonly again?: boolean;
  /** Whether a refusal may be the echo of a write's own success, as of one that a proxy has sent twice. */
  readonly echoes?: boolean;
}

/** One player. */
export class Player {
  readonly acts: Act[] = [];
  readonly #play: Play;
  readonly #random: () => number;
  /** What was seen last of each key, with its ETag. */
  readonly #seen = new Map<string, Told>();
  #turn = 0;

  constructor(play: Play) {
    this.#play = play;
    this.#random = chance(play.seed);
  }

  async play(calls: number): Promise<void> {
    const without = new Set<string>(this.#play.without);
    const menu = Object.entries(MENU).filter(([kind]) => !without.has(kind)) as [Kind, number][];
    for (let made = 0; made < calls; made++) {
      let at = this.#random() * menu.reduce((sum, [, share]) => sum + share, 0);
      const [kind] = menu.find(([, share]) => (at -= share) < 0) ?? ["download"];
      await this[kind as "download"](this.#key());
    }
  }

  #key(): string {
    const { keys } = this.#play;
    return keys[Math.floor(this.#random() * keys.length)] as string;
  }

  /** Makes a call, and writes down what it comes to. */
  async #call<T>(
    says: string,
    run: () => Promise<T>,
    ended: (value: T) => readonly Step[],
    failed: (code: string) => readonly Step[],
  ): Promise<void> {
    const start = this.#play.clock();
    let [steps, outcome]: [readonly Step[], string] = [[], ""];
    try {
      steps = ended(await run());
    } catch (error) {
      if (!StorageError.is(error)) throw error;
      outcome = ` ${error.code}`;
      if (error.code.startsWith("invalid-")) throw error;
      steps = failed(error.code);
    }
    const end = this.#play.clock();
    const name = `${this.#play.name} ${says}${outcome}`;
    for (const step of steps) this.acts.push({ start, end, says: name, ...step });
    for (const { key, found, left, refused, doubtful } of steps) {
      const now = left === undefined ? found : left;
      if (now?.etag !== undefined && !refused && !doubtful) this.#seen.set(key, now);
      else if (now !== undefined) this.#seen.delete(key);
    }
  }

  /** A body that nobody else writes, and metadata that say the same. */
  #fresh(): { left: Told & { body: string }; body: UploadBody; options: UploadOptions } {
    const id = `${this.#play.name}.${++this.#turn}`;
    const bytes = new TextEncoder().encode(bodyOf(id));
    const body = this.#random() < 0.3 ? slow(bytes) : bytes;
    if (this.#play.bare) return { left: { body: id, meta: null }, body, options: {} };
    return { left: { body: id, meta: id }, body, options: { metadata: { v: id } } };
  }

  async upload(key: string): Promise<void> {
    const { left, body, options } = this.#fresh();
    await this.#call(
      `upload ${key}`,
      () => this.#play.store.upload(key, body, options),
      wrote(key, left),
      plain(key, left),
    );
  }

  async create(key: string): Promise<void> {
    const { left, body, options } = this.#fresh();
    const run = () => this.#play.store.upload(key, body, { ...options, ifNoneMatch: "*" });
    await this.#call(`create ${key}`, run, wrote(key, left, null), this.#conditional(key, left, null));
  }

  async replace(key: string): Promise<void> {
    const ifMatch = await this.#etag(key);
    if (ifMatch === undefined) return;
    const { left, body, options } = this.#fresh();
    const run = () => this.#play.store.upload(key, body, { ...options, ifMatch });
    const found = { etag: ifMatch };
    await this.#call(`replace ${key}`, run, wrote(key, left, found), this.#conditional(key, left, found));
  }

  /** What was seen last, or is seen now. */
  async #etag(key: string): Promise<string | undefined> {
    if (!this.#seen.has(key) || this.#random() < 0.3) await this.head(key);
    return this.#seen.get(key)?.etag;
  }

  /** All but `ambiguous` says that nothing was written. */
  #conditional(key: string, left: Told, found: Told | null | undefined) {
    return (code: string): readonly Step[] => {
      if (code === "precondition-failed" && !this.#play.echoes) return [{ key, found, refused: true }];
      return this.#play.echoes || code === "ambiguous" ? [{ key, found, left, doubtful: true }] : [];
    };
  }

  async update(key: string): Promise<void> {
    const start = this.#play.clock();
    let found: Told | null = null;
    let id = "";
    const says = `${this.#play.name} update ${key} in a round`;
    const run = () =>
      this.#play.store.update(key, async (current) => {
        const end = this.#play.clock();
        if (id && this.#play.echoes) this.acts.push({ key, says, start, end, found, left: left(), doubtful: true });
        found = current && (await whole(current));
        this.acts.push({ key, says, start, end: this.#play.clock(), found });
        id = this.#fresh().left.body;
        return bodyOf(id);
      });
    // Metadata stay.
    const left = (): Told => ({ body: id, meta: found?.meta ?? null });
    const ended = (info: ObjectInfo): readonly Step[] => [{ key, found, left: { ...left(), etag: info.etag } }];
    // Of rounds that were refused nothing may be seen.
    const failed = (code: string): readonly Step[] =>
      code === "ambiguous" || (id && code === "conflict" && this.#play.echoes)
        ? [{ key, found, left: left(), doubtful: true }]
        : [];
    await this.#call(`update ${key}`, run, ended, failed);
  }

  async download(key: string): Promise<void> {
    const run = async (): Promise<Told> => whole(await this.#play.store.download(key));
    await this.#call(
      `download ${key}`,
      run,
      (found) => [{ key, found }],
      (code) => absent(key, code),
    );
  }

  async head(key: string): Promise<void> {
    const read = (info: ObjectInfo | null): readonly Step[] => [{ key, found: info && seenBy(info) }];
    await this.#call(`head ${key}`, () => this.#play.store.head(key), read, nothing);
  }

  async exists(key: string): Promise<void> {
    const read = (there: boolean): readonly Step[] => [{ key, found: there ? {} : null }];
    await this.#call(`exists ${key}`, () => this.#play.store.exists(key), read, nothing);
  }

  async list(): Promise<void> {
    const { keys, store } = this.#play;
    const limit = this.#random() < 0.5 ? 1 : 1000;
    const run = async (): Promise<readonly Step[]> => {
      const etags = new Map<string, string>();
      for await (const entry of store.list({ limit })) if (entry.key !== undefined) etags.set(entry.key, entry.etag);
      return keys.map((key) => ({ key, found: etags.has(key) ? { etag: etags.get(key) } : null }));
    };
    await this.#call(`list by ${limit}`, run, (steps) => steps, nothing);
  }

  async remove(key: string): Promise<void> {
    await this.#call(
      `delete ${key}`,
      () => this.#play.store.delete(key),
      () => [{ key, left: null }],
      () => maybeGone([key]),
    );
  }

  async removeMany(key: string): Promise<void> {
    const keys = [...new Set([key, this.#key()])];
    const run = () => this.#play.store.delete(keys);
    await this.#call(
      `delete ${keys}`,
      run,
      () => keys.map((key) => ({ key, left: null })),
      () => maybeGone(keys),
    );
  }

  async removeSeen(key: string): Promise<void> {
    const ifMatch = await this.#etag(key);
    if (ifMatch === undefined) return;
    const found = { etag: ifMatch };
    await this.#call(
      `delete ${key} of a version`,
      () => this.#play.store.delete(key, { ifMatch }),
      () => [{ key, found, orNone: true, left: null }],
      (code) => {
        const refused = code === "precondition-failed" && !this.#play.again && !this.#play.echoes;
        return [refused ? { key, found, refused } : { key, found, left: null, doubtful: true }];
      },
    );
  }

  async copy(from: string): Promise<void> {
    await this.#transfer("copy", from, (code, copied) => (OPEN.has(code) ? [copied] : []));
  }

  async move(from: string): Promise<void> {
    // The source is kept, whether it was copied or not, but where an answer was lost.
    const kept = new Set(["conflict", "corrupt"]);
    await this.#transfer("move", from, (code, copied) => [copied, ...(kept.has(code) ? [] : maybeGone([from]))]);
  }

  /** Of the version that was seen, so that it is known what is to be there afterwards. */
  async #transfer(
    verb: "copy" | "move",
    from: string,
    failed: (code: string, copied: Step) => readonly Step[],
  ): Promise<void> {
    const to = this.#key();
    const ifMatch = await this.#etag(from);
    const version = this.#seen.get(from);
    if (ifMatch === undefined || version?.body === undefined || from === to) return this.download(from);
    const found = { etag: ifMatch };
    const left = { body: version.body, meta: version.meta };
    const gone = verb === "move" ? [{ key: from, left: null }] : [];
    await this.#call(
      `${verb} ${from} ${to}`,
      () => this.#play.store[verb](from, to, { ifMatch }),
      ({ etag }) => [{ key: from, found }, { key: to, left: { ...left, etag } }, ...gone],
      (code) => {
        // The refusal of one that was sent again is no word on the first.
        if (this.#play.again) return failed("ambiguous", { key: to, left, doubtful: true });
        if (code === "not-found") return [{ key: from, found: null }];
        if (code === "precondition-failed") return [{ key: from, found, refused: true }];
        return failed(code, { key: to, left, doubtful: true });
      },
    );
  }

  async parts(key: string): Promise<void> {
    const chosen = this.#random();
    const ifMatch = chosen < 0.3 ? await this.#etag(key) : undefined;
    const found = ifMatch === undefined ? (chosen < 0.6 ? null : undefined) : { etag: ifMatch };
    const { left, options } = this.#fresh();
    const conditions = ifMatch === undefined ? (found === null ? ({ ifNoneMatch: "*" } as const) : {}) : { ifMatch };
    const run = async (): Promise<ObjectInfo> => {
      const upload = await this.#play.store.createMultipartUpload(key, { ...options, ...conditions });
      return upload.complete([await upload.uploadPart(1, bodyOf(left.body))]);
    };
    await this.#call(
      `parts ${key}${found === undefined ? "" : found ? " replace" : " create"}`,
      run,
      wrote(key, left, found),
      found === undefined && !this.#play.echoes ? plain(key, left) : this.#conditional(key, left, found),
    );
  }

  async setItem(key: string): Promise<void> {
    const { body } = this.#fresh().left;
    const left = { body, meta: null };
    await this.#call(
      `setItem ${key}`,
      async () => this.#play.store.setItem?.(key.replaceAll("/", ":"), bodyOf(body), {}),
      () => [{ key, left }],
      plain(key, left),
    );
  }

  async getItem(key: string): Promise<void> {
    const read = (text: unknown): readonly Step[] => [
      { key, found: text === null ? null : { body: idOf(`${text as string}`) } },
    ];
    await this.#call(
      `getItem ${key}`,
      async () => this.#play.store.getItem(key.replaceAll("/", ":"), {}),
      read,
      nothing,
    );
  }
}
