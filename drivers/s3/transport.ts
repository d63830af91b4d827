/** What the S3 driver needs of an HTTP client: types only. `#transport` picks one per runtime. */

/** One request as it goes on the wire. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Always bytes: a stream could be neither measured, nor hashed, nor sent again. */
  readonly body?: Uint8Array;
  /** Bytes that the store copies before it answers: each 10 MB give it a second more. */
  readonly copies?: number | undefined;
  /**
   * Must not be sent again unasked, as Bun and Deno do when a kept connection ends under it, so it gets one of its own there. Said of
   * what is repeated too, since all kept ones may be dead.
   */
  readonly once?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose head has arrived. Its body must be read by one of the three, else its connection is not reused. */
export interface WireResponse {
  readonly status: number;
  /** By lower-case name. */
  header(name: string): string | null;
  /** Names of all headers, lower-case. */
  names(): Iterable<string>;
  /** The bytes as they come. */
  pieces(): Pieces;
  /**
   * All bytes. Rejects `corrupt` when there are more than `most`, `timeout` when all together take longer than `times` (default 1)
   * the limit between two pieces.
   */
  bytes(most: number, times?: number): Promise<Uint8Array>;
  /** Lets go of a body that nobody wants. Never rejects. */
  discard(): Promise<void>;
  /** Whether the body comes as it is stored: some transports decode it, whatever they are told, and announce the stored length. */
  readonly raw: boolean;
  /** Whether a browser keeps headers from the page, so that one that is absent here may be there: those that CORS does not expose. */
  readonly filtered?: boolean;
}

/** Bytes that come piece by piece. */
export interface Pieces {
  /**
   * The next piece, or null at the end. Rejects when nothing comes for longer than the timeout, which runs only as long as
   * this is pending, and as far as the runtime tells, when the body ends early. `atOnce`, said from the first call on, allows
   * that a small body comes in one piece, and then none of it when it is cut.
   */
  next(atOnce?: boolean): Promise<Uint8Array | null>;
  /** Lets go of the rest, also while `next` is pending. */
  cancel(reason: unknown): void;
}

/** Milliseconds; 0 switches a limit off. */
export interface Timeouts {
  /** Until the connection stands. Only where the runtime lets us say. Default 10000. */
  readonly connect: number;
  /** From the request's last byte to the answer's head; with fetch, from its first, plus a second for every 100 kB. Default 60000. */
  readonly headers: number;
  /** Between two pieces of a body. An object's has no limit as a whole; one that is read at once has a multiple of this. Default 60000. */
  readonly body: number;
}

/** Sends requests over connections of its own. */
export interface Transport {
  send(request: WireRequest): Promise<WireResponse>;
  close(): Promise<void>;
}

/** What a transport is made with. */
export interface TransportOptions {
  readonly timeouts: Timeouts;
  /** An undici dispatcher, such as a ProxyAgent; only the undici transport takes one. */
  readonly dispatcher?: unknown;
}
