/** What the terminal says of a request that failed by no fault of its client's. */
import { inspect } from "node:util";
import { messageOf, StorageError } from "../../src/error.ts";
import { harmless } from "../harmless.ts";

type Fetch = (request: Request) => Promise<Response>;

/** Failures by their request, until its answer is there, which names it. */
export class FailureLog {
  readonly #failures = new WeakMap<Request, unknown>();

  /** Takes note, as the `onError` of a gateway. */
  readonly note = (error: unknown, request: Request): void => void this.#failures.set(request, error);

  /** Prints what was noted of a request when it is answered. */
  printing(fetch: Fetch, print: (line: string) => void): Fetch {
    return async (request) => {
      const response = await fetch(request);
      if (this.#failures.has(request)) print(entryOf(this.#failures.get(request), request, response, new Date()));
      return response;
    };
  }
}

/**
 * One line: time, method, path, request id, and what failed. Where nobody foresaw the failure its stack follows. Without the query, which
 * may be a signature.
 */
export function entryOf(error: unknown, request: Request, response: Response, time: Date): string {
  const { pathname } = new URL(request.url);
  const place = [time.toISOString(), request.method, pathname, response.headers.get("x-amz-request-id")];
  const line = `${place.filter(Boolean).join(" ")}: ${harmless(messageOf(error))}`;
  if (StorageError.is(error) && error.code !== "unknown") return line;
  // Indented, so that no line of a message passes for one of the log.
  const stack = inspect(error).split("\n");
  return [line, ...stack.map((each) => `  ${harmless(each)}`)].join("\n");
}
