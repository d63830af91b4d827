/** The one place that sends: operations go over one line to one bucket, and documents are read to their end. */
import { createTransport } from "#transport";
import { StorageError } from "../../src/error.ts";
import { RetryBudget } from "../../src/retry.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import { type Element, readXml } from "../../src/s3/xml.ts";
import { Attempts, type Line, type Read } from "./attempts.ts";
import { complaintOf } from "./complaint.ts";
import { fromFetch } from "./fetch.ts";
import { Refusal } from "./refusal.ts";
import type { Operation } from "./request.ts";
import type { Settings } from "./settings.ts";
import type { WireResponse } from "./transport.ts";

/** Largest document that is read: a listing of 1000 keys of 1024 bytes, fully escaped, is below it. */
const MAX_DOCUMENT = 16 * 1024 * 1024;

/** Roots that some stores give another name: gofakes3, and rclone with it, and S3Proxy. */
const ALIASES: Readonly<Record<string, string>> = {
  InitiateMultipartUpload: "InitiateMultipartUploadResult",
  CopyObjectResult: "CopyPartResult",
};

/** What a root says, under one name. No request's own is among them: a server that sends back what it was sent has done nothing. */
function kindOf(root: string): string {
  // As moto ends them.
  const ended = root.replace(/Response$/, "Result");
  return ALIASES[ended] ?? ended;
}

/** Sends operations to one bucket. */
export class Client {
  readonly settings: Settings;
  readonly budget: RetryBudget = new RetryBudget();
  /** Whether one request may delete many keys, as far as the store has not refused one. */
  batches = true;
  readonly #line: Line;

  constructor(settings: Settings) {
    this.settings = settings;
    const { fetch, timeouts, dispatcher } = settings;
    const transport = fetch ? fromFetch(fetch, timeouts) : createTransport({ timeouts, dispatcher });
    this.#line = { settings, transport, budget: this.budget };
  }

  /** Sends an operation; `read` takes what is wanted from the answer, and is part of the attempt that is retried. */
  send<T>(operation: Operation, read: Read<T>): Promise<T> {
    return new Attempts(this.#line, operation, read).run();
  }

  /**
   * Sends an operation that answers with a document, and reads it to the end of the root that is expected. `blank` is what an
   * answer without a document gives, which is an error by default.
   */
  document<T = Element>(
    operation: Operation,
    root: string,
    read: (found: Element, response: WireResponse, identity: Identity) => T = (found) => found as T,
    blank?: T,
  ): Promise<T> {
    const { copies, conditional } = operation;
    return this.send(operation, async (response, identity) => {
      // A store that copies or joins sends white space meanwhile.
      const bytes = await response.bytes(MAX_DOCUMENT, copies || conditional ? 100 : 10);
      if (bytes.byteLength === 0 && blank !== undefined) return blank;
      const found = readXml(new TextDecoder().decode(bytes));
      if (kindOf(found.name) === kindOf(root)) return read(found, response, identity);
      if (found.name !== "Error") {
        const name = found.name.slice(0, 50);
        throw new StorageError("corrupt", `the store answered <${name}> instead of <${root}>`, { retryable: true });
      }
      // S3 answers 200 before it knows: what went wrong then stands in the body.
      throw new Refusal({ status: 500, header: response.header }, complaintOf(found), identity);
    });
  }

  /** Lets go of the connections. */
  close(): Promise<void> {
    return this.#line.transport.close();
  }
}
