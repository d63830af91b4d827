/** Sends operations to one bucket, and reads the documents that answer them. */
import { createTransport } from "#transport";
import { StorageError } from "../../src/error.ts";
import { RetryBudget } from "../../src/retry.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import { type Element, readXml } from "../../src/s3/xml.ts";
import { Attempts, type Read, type Shared } from "./attempts.ts";
import { complaintOf } from "./complaint.ts";
import { fromFetch } from "./fetch.ts";
import { Refusal } from "./refusal.ts";
import type { Operation } from "./request.ts";
import type { Settings } from "./settings.ts";
import type { Transport, WireResponse } from "./transport.ts";

/** Largest document that is read: a listing of 1000 keys of 1024 bytes, fully escaped, is below it. */
const MAX_DOCUMENT = 16 * 1024 * 1024;

/** Other names that gofakes3 (and rclone with it) and S3Proxy give to roots. */
const ALIASES: Readonly<Record<string, string>> = {
  InitiateMultipartUpload: "InitiateMultipartUploadResult",
  CopyObjectResult: "CopyPartResult",
};

/** A root under one name, whatever the store calls it. Names of requests are none of them: a server that echoes a request has done nothing. */
function kindOf(root: string): string {
  // moto's names end so.
  const ended = root.replace(/Response$/, "Result");
  return ALIASES[ended] ?? ended;
}

/** Sends operations to one bucket. */
export class Client implements Shared {
  readonly settings: Settings;
  readonly transport: Transport;
  readonly budget: RetryBudget = new RetryBudget();
  /** False once the store has refused a request that deletes many keys. */
  batches = true;

  constructor(settings: Settings) {
    this.settings = settings;
    const { fetch, timeouts, dispatcher } = settings;
    this.transport = fetch ? fromFetch(fetch, timeouts) : createTransport({ timeouts, dispatcher });
  }

  /** Sends an operation; `read` takes what is wanted from the answer, and is part of the attempt that is retried. */
  send<T>(operation: Operation, read: Read<T>): Promise<T> {
    return new Attempts(this, operation, read).run();
  }

  /**
   * Sends an operation that is answered with a document, and reads that. Rejects `corrupt` for another root than `root`, and for an
   * answer without a document unless `blank` says what that gives.
   */
  document<T = Element>(
    operation: Operation,
    root: string,
    read: (found: Element, response: WireResponse, identity: Identity) => T = (found) => found as T,
    blank?: T,
  ): Promise<T> {
    const { copies, conditional } = operation;
    return this.send(operation, async (response, identity) => {
      // A store sends white space while it copies or joins parts, so these may take longer.
      const bytes = await response.bytes(MAX_DOCUMENT, copies || conditional ? 100 : 10);
      if (bytes.byteLength === 0 && blank !== undefined) return blank;
      const found = readXml(new TextDecoder().decode(bytes));
      if (kindOf(found.name) === kindOf(root)) return read(found, response, identity);
      if (found.name !== "Error") {
        const name = found.name.slice(0, 50);
        throw new StorageError("corrupt", `the store answered <${name}> instead of <${root}>`, { retryable: true });
      }
      // S3 answers 200 before it knows the outcome: what went wrong stands in the body.
      throw new Refusal({ status: 500, header: response.header }, complaintOf(found), identity);
    });
  }

  /** Lets go of the connections. */
  close(): Promise<void> {
    return this.transport.close();
  }
}
