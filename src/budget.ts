/** How much memory the uploads of one client hold together, and the buffers they hold it in. */

/** Bytes that are counted, since when. */
interface Hold {
  readonly bytes: number;
  readonly since: number;
}

interface Waiter {
  readonly bytes: number;
  readonly held: number;
  granted?: Hold;
  /** When it last looked, in milliseconds. One that stopped looking, as a request that Workers ended, is passed over. */
  seen: number;
}

/**
 * Milliseconds after which a buffer that others wait for is taken for lost: a request that Workers ended gives nothing back.
 * One that is only slow keeps its buffer, which is then not counted any more.
 */
const LEASE = 10 * 60 * 1000;
/** Milliseconds between two looks of a waiter. */
const LOOK = 5;
/** Milliseconds after which a waiter that does not look any more is taken for gone. */
const GONE = 2000;

/**
 * Counts bytes of part buffers against a limit. Who asks for more waits until others give back. Buffers of full size are kept
 * and used again: fresh ones cost an upload tens of megabytes that wait for the garbage collector.
 */
export class MemoryBudget {
  readonly #most: number;
  readonly #limit: number;
  readonly #part: number;
  readonly #keep: number;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  readonly #holds = new Set<Hold>();
  /** Weak, so that a lost buffer is not kept by being counted. */
  readonly #holdOf = new WeakMap<Uint8Array, Hold>();
  #waiting: Waiter[] = [];
  #used = 0;

  /**
   * @param most bytes that are held at most
   * @param part bytes of a full buffer. Two are set aside for the rescue below, unless `most` has no room for three.
   * @param keep full buffers that are kept for reuse
   */
  constructor(most: number, part: number, keep: number) {
    // Two, since who is rescued holds its old buffer until the new one has taken over its bytes.
    this.#limit = Math.max(part, most - 2 * part);
    this.#most = most;
    this.#part = part;
    this.#keep = keep;
  }

  /** Bytes that are held now. */
  get used(): number {
    return this.#used;
  }

  /** Bytes that are held now, with the buffers kept for reuse. */
  get held(): number {
    return this.#used + this.#free.length * this.#part;
  }

  /** Waits until `bytes` more fit. `held` says what the caller has already and will not give back before it got them. */
  async take(bytes: number, held: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted();
    const full = this.#waiting.length > 0 || this.#used + bytes > this.#limit;
    const hold = full ? await this.#wait(bytes, held, signal) : this.#hold(bytes);
    const buffer = (bytes === this.#part ? this.#free.pop() : undefined) ?? new Uint8Array(bytes);
    // Kept buffers are memory too: they make room for those in use.
    while (this.#free.length > 0 && this.held > this.#most) this.#free.pop();
    this.#holdOf.set(buffer, hold);
    return buffer;
  }

  /** Gives memory back; `reusable` says that nothing reads the buffer any more. */
  give(buffer: Uint8Array<ArrayBuffer>, reusable: boolean): void {
    const hold = this.#holdOf.get(buffer);
    if (hold) this.#drop(hold);
    const fits = this.#free.length < this.#keep && this.held + this.#part <= this.#most;
    if (reusable && buffer.byteLength === this.#part && fits) this.#free.push(buffer);
    this.#serve();
  }

  /**
   * Looks again and again instead of being told: on Workers one request must not settle a promise of another, and a driver
   * is shared by all of them.
   */
  async #wait(bytes: number, held: number, signal: AbortSignal | undefined): Promise<Hold> {
    const waiter: Waiter = { bytes, held, seen: Date.now() };
    try {
      for (;;) {
        if (!this.#waiting.includes(waiter)) this.#waiting.push(waiter);
        waiter.seen = Date.now();
        this.#serve();
        if (waiter.granted) return waiter.granted;
        await new Promise((resolve) => setTimeout(resolve, LOOK));
        if (waiter.granted) return waiter.granted;
        signal?.throwIfAborted();
      }
    } catch (error) {
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
      this.#serve();
      throw error;
    }
  }

  #serve(): void {
    const now = Date.now();
    this.#waiting = this.#waiting.filter(({ seen }) => now - seen < GONE);
    if (this.#waiting.length > 0) {
      for (const hold of this.#holds) if (now - hold.since > LEASE) this.#drop(hold);
    }
    while (this.#waiting[0] && this.#used + this.#waiting[0].bytes <= this.#limit) this.#grant(this.#waiting[0]);
    // When all that is held is held by those who wait, nobody would ever give back. Then the one that has most, which is
    // nearest to sending its part, gets what was set aside; always the same one, so that it is lent once.
    const stuck = this.#waiting.reduce((sum, { held }) => sum + held, 0);
    if (this.#waiting.length > 0 && stuck >= this.#used) {
      this.#grant(this.#waiting.reduce((most, waiter) => (waiter.held > most.held ? waiter : most)));
    }
  }

  #grant(waiter: Waiter): void {
    this.#waiting = this.#waiting.filter((other) => other !== waiter);
    waiter.granted = this.#hold(waiter.bytes);
  }

  #hold(bytes: number): Hold {
    const hold = { bytes, since: Date.now() };
    this.#holds.add(hold);
    this.#used += bytes;
    return hold;
  }

  #drop(hold: Hold): void {
    if (this.#holds.delete(hold)) this.#used -= hold.bytes;
  }
}
