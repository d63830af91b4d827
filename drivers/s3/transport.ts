/** What the S3 driver needs of an HTTP client: types only. `#transport` is the one of each runtime. */

/** One request as it goes on the wire. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes and no stream, which could be neither measured nor hashed nor sent again. */
  readonly body?: Uint8Array;
  /** Bytes that the store copies before it answers: for each 10 MB it may take a second longer. */
  readonly copies?: number | undefined;
  /**
   * Takes a new connection on Bun and Deno, which send a request again by themselves when a kept connection ends under it. For writes that must
   * not be sent twice unnoticed, and for repetitions, since all kept connections may be dead.
   */
  readonly once?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose head has arrived. Its body must be taken by `pieces`, `bytes` or `discard`, else its connection is not reused. */
export interface WireResponse {
  readonly status: number;
  /** By lower-case name. */
  header(name: string): string | null;
  /** Names of all headers, lower-case. */
  names(): Iterable<string>;
  /** The bytes as they come. */
  pieces(): Pieces;
  /**
   * All bytes. Rejects `corrupt` when there are more than `most`, and `timeout` when all together take longer than the limit between two
   * pieces, multiplied by `times` (default 1).
   */
  bytes(most: number, times?: number): Promise<Uint8Array>;
  /** Lets go of a body that nobody wants, and keeps its connection where that is cheap. Never rejects. */
  discard(): Promise<void>;
  /** Whether the body comes as it is stored. Some transports decode it, whatever they are told, and still announce the stored length. */
  readonly raw: boolean;
  /** Whether a browser hides the headers that CORS does not expose, so that one which seems absent may be there. */
  readonly filtered?: boolean;
}

/** Bytes that come piece by piece. */
export interface Pieces {
  /**
   * The next piece, or null at the end. Rejects when nothing comes for longer than the timeout, which runs only while this is pending; and
   * when the body ends early, as far as the runtime tells. `atOnce` on the first call allows a small body to come in one piece, of which
   * nothing comes when it is cut.
   */
  next(atOnce?: boolean): Promise<Uint8Array | null>;
  /** Lets go of the rest, also while `next` is pending. */
  cancel(reason: unknown): void;
}

/** Milliseconds; 0 switches a limit off. */
export interface Timeouts {
  /** Until the connection is established; only where the runtime lets us say. Default 10000. */
  readonly connect: number;
  /** From the request's last byte to the answer's head; with fetch, from its first, plus a second for every 100 kB. Default 60000. */
  readonly headers: number;
  /** Between two pieces of a body. An object as a whole has no limit; a document has a multiple of this. Default 60000. */
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
