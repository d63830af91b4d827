/** What each client is asked to do: types only. One adapter per client lies in clients/. */

/** The verbs that are measured. */
export type Verb = "put" | "get" | "up" | "down";

/** One client of the bucket {@link BUCKET}, ready to be asked. */
export interface Client {
  /** Stores bytes. */
  put(key: string, bytes: Uint8Array): Promise<unknown>;
  /** Reads an object whole and gives its length. */
  get(key: string): Promise<number>;
  /** Stores a stream of so many bytes, as the client's own documentation advises for streams. */
  up(key: string, size: number): Promise<unknown>;
  /** Reads an object piece by piece, keeping nothing, and gives its length. */
  down(key: string): Promise<number>;
}

/** Makes a client for an endpoint. */
export type Connect = (endpoint: string) => Client | Promise<Client>;

/** One measurement. */
export interface Task {
  readonly verb: Verb;
  /** Bytes of each object. */
  readonly size: number;
  /** Requests at the same time. */
  readonly flight: number;
  /** How long requests are begun; those under way are finished. */
  readonly milliseconds: number;
}

/** What was measured. */
export interface Measured {
  readonly count: number;
  readonly milliseconds: number;
}
