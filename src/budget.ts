/** How much memory the uploads of one client hold together, and the buffers they hold it in. */

/** A buffer that is lent, with bytes up to `end`; all of it is counted. */
export interface Loan {
  /** Grows as bytes come. */
  buffer: Uint8Array<ArrayBuffer>;
  /** In bytes. */
  end: number;
  /** What `end` was at the last look. */
  seen: number;
  /** Since when it has been that, in milliseconds. */
  since: number;
  /** Whether it is being filled: from when its taker has it, which may be long after it was granted, until it is sealed. */
  open: boolean;
  /** Whether it came from what is set aside for small ones. */
  readonly small: boolean;
}

interface Waiter {
  readonly bytes: number;
  readonly held: number;
  granted?: Loan;
  /** When it last looked, in milliseconds. One that stopped looking, as a request that Workers ended, is passed over. */
  seen: number;
}

/**
 * Milliseconds after which a buffer that others wait for is taken for lost: a request that Workers ended gives nothing back.
 * One that is only slow keeps its buffer, which is then not counted any more.
 */
const LEASE = 10 * 60 * 1000;
/** Milliseconds without a byte after which a buffer that others wait for is cut to the bytes that are in it. */
const IDLE = 1000;
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
  readonly #loans = new Set<Loan>();
  #waiting: Waiter[] = [];
  #used = 0;
  #small = 0;

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

  /**
   * Waits until `bytes` more fit. `held` says what the caller has already and will not give back before it got them. Looks again
   * and again instead of being told: on Workers one request must not settle a promise of another, and a driver is shared by all.
   */
  async take(bytes: number, held: number, signal?: AbortSignal): Promise<Loan> {
    const waiter: Waiter = { bytes, held, seen: 0 };
    try {
      while (!waiter.granted) {
        signal?.throwIfAborted();
        if (!this.#waiting.includes(waiter)) this.#waiting.push(waiter);
        waiter.seen = performance.now();
        this.#serve();
        if (!waiter.granted) await new Promise((resolve) => setTimeout(resolve, LOOK));
      }
      return Object.assign(waiter.granted, { since: performance.now(), open: true });
    } catch (error) {
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
      this.#serve();
      throw error;
    }
  }

  /** Says that nothing more comes into a buffer, and that its bytes are read from now on. */
  seal(loan: Loan): Loan {
    loan.open = false;
    return loan;
  }

  /** Gives memory back; `reusable` says that nothing reads the buffer any more. */
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
    if (this.#waiting.length > 0) for (const loan of this.#loans) this.#look(loan, now);
    let queue = false;
    for (const waiter of this.#waiting) {
      const { bytes, held } = waiter;
      // In order, so that small ones do not starve a large one. Yet they do not wait for it: it may be long until many bodies
      // that have stopped give back what it needs, so the smallest have something set aside.
      // Who grows gives its old buffer back as soon as it has the new one, so for a moment both are there.
      queue ||= this.#used - this.#small + bytes - held > this.#limit || this.#used + bytes > this.#most;
      if (!queue) this.#grant(waiter, false);
      else if (bytes <= this.#part / 32 && this.#small + bytes <= (this.#most - this.#limit) / 8)
        this.#grant(waiter, true);
    }
    if (this.#waiting.length === 0) return;
    // When all that is held is held by those who wait, nobody would ever give back. Then the one that has most, which is
    // nearest to sending its part, gets what was set aside; always the same one, so that it is lent once.
    const first = this.#waiting.reduce((most, waiter) => (waiter.held > most.held ? waiter : most));
    const stuck = this.#waiting.reduce((sum, { held }) => sum + held, 0);
    // So it is when bodies that have stopped hold the rest. They may go on and need what is set aside themselves, so this one
    // has to bring more than the others have been lent of it.
    const fits = this.#used - this.#small - first.held <= this.#limit;
    if (stuck >= this.#used || (fits && stuck + this.#stopped(now) >= this.#used)) this.#grant(first, false);
  }

  /** Bytes of buffers that are to be filled and that nothing has come into for a while. */
  #stopped(now: number): number {
    let bytes = 0;
    for (const { buffer, open, since } of this.#loans) if (open && now - since > IDLE) bytes += buffer.byteLength;
    return bytes;
  }

  /** Takes back what is lost, and what no byte has come into for long. */
  #look(loan: Loan, now: number): void {
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
    // Kept buffers are memory too: they make room for those in use.
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
