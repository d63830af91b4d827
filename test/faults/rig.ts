/** What a case works with: a bucket of its own in the lab, and stores on it. Web globals only. */
import { StorageError } from "unbucket";
import s3, { type S3Options } from "unbucket/drivers/s3";
import { failure, ok, same } from "../../src/conformance/assert.ts";
import type { LabAddress, Seen, Wish } from "./protocol.ts";
import { type Inspect, leaksOf } from "./secrets.ts";

type Driver = ReturnType<typeof s3>;

/** The smallest part that S3 takes. */
export const PART: number = 5 * 1024 * 1024;
/** Sent as a header by cases of SSE-C: no error may repeat it. */
export const CUSTOMER_KEY: string = "Y2FuYXJ5LWN1c3RvbWVyLWtleS0xMjM0NTY3ODkwMTI=";
/** Tokens of cases with temporary keys. */
export const TOKENS: readonly [string, string] = ["canary-token-one/+=", "canary-token-two/+="];

/** One failure mode of a store or a network, with what a client must make of it. */
export interface FaultCase {
  /** The row of the list of failure modes that it proves. */
  readonly row: string;
  readonly name: string;
  run(rig: Rig): Promise<void>;
}

/** A bucket, its faults and the stores of one case. */
export class Rig {
  readonly bucket: string;
  readonly lab: LabAddress;
  readonly leaks: string[] = [];
  readonly #stores: Driver[] = [];
  readonly #inspect: Inspect;

  constructor(lab: LabAddress, bucket: string, inspect: Inspect) {
    this.lab = lab;
    this.bucket = bucket;
    this.#inspect = inspect;
  }

  /** A store on the bucket, through the proxy; retries wait milliseconds. */
  store(options: S3Options = {}): Driver {
    const { accessKeyId, secretAccessKey, url } = this.lab;
    const keys = options.credentials ? {} : { accessKeyId, secretAccessKey };
    const store = s3({
      bucket: this.bucket,
      endpoint: url,
      region: "us-east-1",
      ...keys,
      partSize: PART,
      retry: { baseDelay: 1, maxDelay: 5 },
      ...options,
      onEvent: (event) => {
        this.#scan(event);
        options.onEvent?.(event);
      },
    });
    this.#stores.push(store);
    return store;
  }

  /** Asks the lab for faults, switches and objects. */
  async set(wish: Wish): Promise<void> {
    const body = JSON.stringify(wish);
    const answer = await fetch(`${this.lab.control}/world/${this.bucket}`, { method: "POST", body });
    await answer.arrayBuffer();
    ok(answer.ok, `the lab answered ${answer.status}`);
  }

  /** What the store holds and has heard. */
  async seen(): Promise<Seen> {
    const answer = await fetch(`${this.lab.control}/world/${this.bucket}`);
    return (await answer.json()) as Seen;
  }

  /** Names of the operations that came, in order. */
  async operations(): Promise<string[]> {
    return (await this.seen()).log.map(({ operation }) => operation);
  }

  /** Waits until a request of this operation has come. */
  async came(operation: string): Promise<void> {
    while (!(await this.operations()).includes(operation)) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** The text under a key as the server has it; undefined when it has none. */
  async stored(key: string): Promise<string | undefined> {
    return (await this.seen()).objects[key]?.text;
  }

  /** Waits until the store has removed an upload that was given up: who aborts a call does not wait for that. */
  async swept(): Promise<void> {
    for (let look = 0; look < 1000; look++) {
      const { log, uploads } = await this.seen();
      if (uploads.length === 0 && log.some(({ operation }) => operation === "AbortMultipartUpload")) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Requires a StorageError with one of these codes, without any secret in it. */
  async rejects(codes: string | readonly string[], call: () => Promise<unknown>, what: string): Promise<StorageError> {
    const error = await failure(call, what);
    this.#scan(error);
    ok(StorageError.is(error), `${what}: expected a StorageError, got ${String(error)}`);
    ok([codes].flat().includes(error.code), `${what}: expected ${String(codes)}, got ${error.code}: ${error.message}`);
    return error;
  }

  /** Looks for secrets in what a caller may log. */
  check(value: unknown): void {
    this.#scan(value);
  }

  /** Ends the case's stores, and fails it for a secret that anything showed. */
  async close(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.dispose()));
    same(this.leaks, [], "secrets in errors and events");
  }

  #scan(value: unknown): void {
    const { secretAccessKey } = this.lab;
    this.leaks.push(...leaksOf(value, [secretAccessKey, CUSTOMER_KEY, ...TOKENS], this.#inspect));
  }
}
