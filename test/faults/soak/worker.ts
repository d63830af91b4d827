/** One of several who work at the same time on keys of their own, and know what each may hold. */
import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { Driver } from "../../../src/driver.ts";
import { StorageError } from "../../../src/error.ts";
import { chance } from "../../support/chance.ts";

/** Digests of what a key may hold; undefined stands for absent. More than one after a write whose end is not known. */
export type Possible = ReadonlySet<string | undefined>;

const KEYS = 5;
const ABSENT: Possible = new Set([undefined]);
/** Two parts. */
const LARGE = 5 * 1024 * 1024 + 1000;

/** The bytes as a stream that breaks where it is told to. */
function inPieces(bytes: Uint8Array, breaks = Infinity): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= breaks) return controller.error(new Error("cut off"));
      if (at < bytes.byteLength) controller.enqueue(bytes.slice(at, Math.min((at += 1_000_000), breaks)));
      if (at >= bytes.byteLength && breaks === Infinity) controller.close();
    },
  });
}

/** What the model keeps of a body. */
export function digest(body: string | Uint8Array): string {
  return createHash("sha1").update(body).digest("hex");
}

/** How often each operation is done, in proportion to the others. */
const MENU = {
  upload: 300,
  create: 80,
  replace: 80,
  remove: 60,
  removeMany: 20,
  copy: 60,
  large: 4,
  resumed: 2,
  update: 40,
  download: 246,
  exists: 100,
  list: 50,
} as const;
type Kind = keyof typeof MENU;
export type Menu = Readonly<Record<Kind, number>>;

/** Works on keys below its number. */
export class Worker {
  readonly model: Map<string, Possible> = new Map();
  acknowledged = 0;
  refused = 0;
  doubtful = 0;
  failed = 0;
  #turn = 0;
  readonly #store: Driver;
  readonly #number: number;
  readonly #random: () => number;
  readonly #menu: Menu;

  constructor(store: Driver, number: number, seed: number, menu: Partial<Menu> = {}) {
    this.#store = store;
    this.#number = number;
    this.#menu = { ...MENU, ...menu };
    this.#random = chance(seed * 1000 + number);
  }

  /** Does one operation and holds its outcome against the model; rejects for one that cannot be. */
  async operate(): Promise<void> {
    this.#turn++;
    let at = this.#random() * Object.values(this.#menu).reduce((sum, share) => sum + share);
    const kind = (Object.keys(this.#menu) as Kind[]).find((name) => (at -= this.#menu[name]) < 0) ?? "upload";
    const key = this.#key();
    const text = `${key} ${this.#turn} `.repeat(1 + Math.floor(this.#random() * 40));
    try {
      await this[kind](key, text);
      this.acknowledged++;
    } catch (error) {
      if (!StorageError.is(error)) throw error;
      if (error.code === "precondition-failed") this.refused++;
      else this.failed++;
    }
  }

  upload(key: string, text: string): Promise<void> {
    return this.#write([key], digest(text), () => this.#store.upload(key, text));
  }

  create(key: string, text: string): Promise<void> {
    // That it is refused says that something was there.
    return this.#conditional(key, text, { ifNoneMatch: "*" }, (value) => value === undefined);
  }

  async replace(key: string, text: string): Promise<void> {
    const found = await this.#store.head(key);
    if (!found) return this.#held(key, undefined);
    this.#isThere(key);
    // One of the faults takes it away: there is no condition to be had.
    if (found.etag === '""') return;
    // Nobody else writes here, so what was seen just now is still there.
    await this.#conditional(key, text, { ifMatch: found.etag }, (value) => value !== undefined);
  }

  remove(key: string): Promise<void> {
    return this.#write([key], undefined, () => this.#store.delete(key));
  }

  removeMany(key: string): Promise<void> {
    const keys = [...new Set([key, this.#key()])];
    return this.#write(keys, undefined, () => this.#store.delete(keys));
  }

  async copy(key: string): Promise<void> {
    const to = this.#key();
    if (to === key) return;
    const source = [...this.#possible(key)].filter((value) => value !== undefined);
    try {
      await this.#store.copy(key, to);
    } catch (error) {
      if (StorageError.is(error) && error.code === "not-found") return this.#held(key, undefined);
      this.model.set(to, new Set([...this.#possible(to), ...source]));
      this.doubtful++;
      throw error;
    }
    expect(source.length, `${key} was copied at turn ${this.#turn}`).toBeGreaterThan(0);
    this.model.set(to, new Set(source));
  }

  large(): Promise<void> {
    const { key, bytes } = this.#large();
    return this.#write([key], digest(bytes), () => this.#store.upload(key, inPieces(bytes)));
  }

  /** The first process dies in the second part. */
  resumed(): Promise<void> {
    const { key, bytes } = this.#large();
    return this.#write([key], digest(bytes), async () => {
      const upload = await this.#store.createMultipartUpload(key, { size: LARGE });
      await upload.send(() => inPieces(bytes, LARGE - 500)).catch(() => {});
      const state = JSON.parse(JSON.stringify(upload.state())) as ReturnType<typeof upload.state>;
      const again = await this.#store.resumeMultipartUpload(key, state);
      await again.send((start) => inPieces(bytes.subarray(start)));
    });
  }

  update(key: string, text: string): Promise<void> {
    return this.#write([key], digest(text), () =>
      this.#store.update(key, async (current) => {
        this.#held(key, current ? digest(await current.bytes()) : undefined);
        return text;
      }),
    );
  }

  async download(key: string): Promise<void> {
    try {
      const object = await this.#store.download(key);
      this.#held(key, digest(await object.bytes()));
    } catch (error) {
      if (!(StorageError.is(error) && error.code === "not-found")) throw error;
      this.#held(key, undefined);
    }
  }

  async exists(key: string): Promise<void> {
    if (!(await this.#store.exists(key))) this.#held(key, undefined);
    else this.#isThere(key);
  }

  async list(): Promise<void> {
    const found = new Set<string>();
    for await (const entry of this.#store.list({ prefix: `${this.#number}/`, limit: 2 })) found.add(`${entry.key}`);
    for (const key of new Set([...found, ...this.model.keys()])) {
      if (found.has(key)) this.#isThere(key);
      else this.#held(key, undefined);
    }
  }

  #large(): { readonly key: string; readonly bytes: Uint8Array } {
    return { key: `${this.#number}/large`, bytes: new Uint8Array(LARGE).fill(this.#turn % 251) };
  }

  #key(): string {
    return `${this.#number}/${Math.floor(this.#random() * KEYS)}`;
  }

  #possible(key: string): Possible {
    return this.model.get(key) ?? ABSENT;
  }

  /** What is read is what is there: doubts end. */
  #held(key: string, value: string | undefined): void {
    expect([...this.#possible(key)], `${key} at turn ${this.#turn}`).toContain(value);
    this.model.set(key, new Set([value]));
  }

  #isThere(key: string): void {
    const there = [...this.#possible(key)].filter((value) => value !== undefined);
    expect(there.length, `${key} is there at turn ${this.#turn}`).toBeGreaterThan(0);
    this.model.set(key, new Set(there));
  }

  async #conditional(
    key: string,
    text: string,
    condition: { readonly ifNoneMatch: "*" } | { readonly ifMatch: string },
    holds: (value: string | undefined) => boolean,
  ): Promise<void> {
    const before = [...this.#possible(key)];
    try {
      await this.#write([key], digest(text), () => this.#store.upload(key, text, condition));
    } catch (error) {
      if (!StorageError.is(error) || error.code !== "precondition-failed") throw error;
      const left = before.filter((value) => !holds(value));
      expect(left.length, `${key} was refused at turn ${this.#turn}: ${error.message}`).toBeGreaterThan(0);
      this.model.set(key, new Set(left));
      throw error;
    }
    expect(before.some(holds), `${key} was taken at turn ${this.#turn}`).toBe(true);
  }

  /** Acknowledged it is so, rejected it may be so, but for a condition that did not hold. */
  async #write(keys: readonly string[], value: string | undefined, run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
      for (const key of keys) this.model.set(key, new Set([value]));
    } catch (error) {
      if (StorageError.is(error) && error.code === "precondition-failed") throw error;
      for (const key of keys) this.model.set(key, new Set([...this.#possible(key), value]));
      this.doubtful++;
      throw error;
    }
  }
}

/** How many operations of all workers had an outcome. */
export function total(workers: readonly Worker[], outcome: "acknowledged" | "refused" | "doubtful" | "failed"): number {
  return workers.reduce((sum, worker) => sum + worker[outcome], 0);
}
