/** Limits the memory that all uploads of one client hold together, and lends them buffers. */

/** A lent buffer with bytes up to `end`. Its whole length counts as used. */
export interface Loan {
  /** The buffer; replaced by a shorter one when it is cut. */
  buffer: Uint8Array<ArrayBuffer>;
  /** Number of bytes in the buffer. */
  end: number;
  /** `end` at the last check. */
  seen: number;
  /** Since when `end` has not changed, in milliseconds. */
  since: number;
  /**
   * Whether it is being filled: from when `take` has returned it, which may be long after it was granted, until `seal`.
   */
  open: boolean;
  /** Whether it was granted from the reserve for small buffers. */
  readonly small: boolean;
}

interface Waiter {
  readonly bytes: number;
  readonly held: number;
  granted?: Loan;
  /** When it last polled, in milliseconds. One that has stopped, such as a request that Workers ended, is dropped. */
  seen: number;
}

/**
 * Milliseconds without a byte after which a buffer counts as lost if others wait: a request that Workers ended gives
 * nothing back. One that is only slow keeps its buffer, which is then no longer counted.
 */
const LEASE = 10 * 60 * 1000;
/** Milliseconds without a byte after which a buffer that others wait for is cut to the bytes that are in it. */
const IDLE = 1000;
/** Milliseconds between two polls of a waiter. */
const POLL = 5;
/** Milliseconds after which a waiter that no longer polls is dropped. */
const GONE = 2000;

/**
 * Memory for the parts of all uploads of one driver, with a limit: an upload that needs more waits until others give
 * back. Buffers of full size are reused, since fresh ones would cost tens of megabytes per upload until they are
 * garbage-collected.
 */
export class MemoryBudget {
  readonly #most: number;
  readonly #limit: number;
  readonly #part: number;
  readonly #keep: number;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  readonly #loans = new Set<Loan>();
  #waiting: Waiter[] = [];
  #used = 0;
  #small = 0;

  /**
   * @param most limit in bytes
   * @param part length of a full buffer in bytes; two are reserved to resolve deadlocks, unless `most` has no room for three
   * @param keep how many full buffers are kept for reuse
   */
  constructor(most: number, part: number, keep: number) {
    // Two, since an upload that grows holds its old buffer until its bytes are copied into the new one.
    this.#limit = Math.max(part, most - 2 * part);
    this.#most = most;
    this.#part = part;
    this.#keep = keep;
  }

  /** Bytes that are lent now. */
  get used(): number {
    return this.#used;
  }

  /** Bytes that are lent now, plus the buffers kept for reuse. */
  get held(): number {
    return this.#used + this.#free.length * this.#part;
  }

  /**
   * Waits until a buffer of `bytes` fits, and lends it. `held` is what the caller has already, and gives back once it
   * has the new one. Polls, since on Workers one request must not settle a promise of another, and all requests share
   * the driver.
   */
  async take(bytes: number, held: number, signal?: AbortSignal): Promise<Loan> {
    const waiter: Waiter = { bytes, held, seen: 0 };
    try {
      while (!waiter.granted) {
        signal?.throwIfAborted();
        if (!this.#waiting.includes(waiter)) this.#waiting.push(waiter);
        waiter.seen = performance.now();
        this.#serve();
        if (!waiter.granted) await new Promise((resolve) => setTimeout(resolve, POLL));
      }
      return Object.assign(waiter.granted, { since: performance.now(), open: true });
    } catch (error) {
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
      this.#serve();
      throw error;
    }
  }

  /** Marks a buffer as filled: it must not be cut any more. */
  seal(loan: Loan): Loan {
    loan.open = false;
    return loan;
  }

  /** Gives a buffer back; `reusable` says that nothing reads it any more. */
  give(loan: Loan, reusable: boolean): void {
    this.#drop(loan);
    if (reusable) this.#reuse(loan.buffer);
    this.#serve();
  }

  #reuse(buffer: Uint8Array<ArrayBuffer>): void {
    const fits = this.#free.length < this.#keep && this.held + this.#part <= this.#most;
    if (buffer.byteLength === this.#part && fits) this.#free.push(buffer);
  }

  #serve(): void {
    const now = performance.now();
    this.#waiting = this.#waiting.filter(({ seen }) => now - seen < GONE);
    if (this.#waiting.length > 0) for (const loan of this.#loans) this.#check(loan, now);
    let queue = false;
    for (const waiter of this.#waiting) {
      const { bytes, held } = waiter;
      // In order, so that small requests do not starve a large one. But the smallest have a reserve: the large one may
      // have to wait long, for bodies that have stalled. `held` is given back after the grant, so for a moment both
      // count.
      queue ||= this.#used - this.#small + bytes - held > this.#limit || this.#used + bytes > this.#most;
      if (!queue) this.#grant(waiter, false);
      else if (bytes <= this.#part / 32 && this.#small + bytes <= (this.#most - this.#limit) / 8)
        this.#grant(waiter, true);
    }
    if (this.#waiting.length === 0) return;
    // A deadlock: those who wait hold everything. Then the one with the largest buffer, which is closest to sending its
    // part, gets the reserve; always the same one, so that the reserve is lent once.
    const first = this.#waiting.reduce((most, waiter) => (waiter.held > most.held ? waiter : most));
    const stuck = this.#waiting.reduce((sum, { held }) => sum + held, 0);
    // The same if stalled bodies hold the rest. But they may go on and need the reserve themselves, so here it is lent
    // only while all buffers but the one that is given back fit into the limit.
    const fits = this.#used - this.#small - first.held <= this.#limit;
    if (stuck >= this.#used || (fits && stuck + this.#stalled(now) >= this.#used)) this.#grant(first, false);
  }

  /** Bytes of open buffers that have received nothing for a while. */
  #stalled(now: number): number {
    let bytes = 0;
    for (const { buffer, open, since } of this.#loans) if (open && now - since > IDLE) bytes += buffer.byteLength;
    return bytes;
  }

  /** Drops a lost buffer, and cuts a stalled one to its bytes. */
  #check(loan: Loan, now: number): void {
    const { buffer, end, seen, since } = loan;
    if (end !== seen) [loan.seen, loan.since] = [end, now];
    else if (now - since > LEASE) this.#drop(loan);
    else if (loan.open && end < buffer.byteLength && now - since > IDLE) {
      this.#count(loan, -1);
      loan.buffer = buffer.slice(0, end);
      this.#count(loan, 1);
      this.#reuse(buffer);
    }
  }

  #grant(waiter: Waiter, small: boolean): void {
    const { bytes } = waiter;
    this.#waiting = this.#waiting.filter((other) => other !== waiter);
    const buffer = (bytes === this.#part ? this.#free.pop() : undefined) ?? new Uint8Array(bytes);
    waiter.granted = { buffer, end: 0, seen: 0, since: performance.now(), open: false, small };
    this.#loans.add(waiter.granted);
    this.#count(waiter.granted, 1);
    // Buffers kept for reuse count too: they are dropped for those in use.
    while (this.#free.length > 0 && this.held > this.#most) this.#free.pop();
  }

  #drop(loan: Loan): void {
    if (this.#loans.delete(loan)) this.#count(loan, -1);
  }

  #count(loan: Loan, sign: number): void {
    this.#used += sign * loan.buffer.byteLength;
    if (loan.small) this.#small += sign * loan.buffer.byteLength;
  }
}
