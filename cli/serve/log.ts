/** Prints failures that are not the client's fault. */
import { inspect } from "node:util";
import { messageOf, StorageError } from "../../src/error.ts";
import { harmless } from "../harmless.ts";

type Fetch = (request: Request) => Promise<Response>;

/** Keeps failures by request until there is an answer, which has the request id. */
export class FailureLog {
  readonly #failures = new WeakMap<Request, unknown>();

  /** Records a failure: for `onError` of a gateway. */
  readonly note = (error: unknown, request: Request): void => void this.#failures.set(request, error);

  /** Wraps `fetch`: prints the recorded failure of each request with its answer. */
  printing(fetch: Fetch, print: (line: string) => void): Fetch {
    return async (request) => {
      const response = await fetch(request);
      if (this.#failures.has(request)) print(entryOf(this.#failures.get(request), request, response, new Date()));
      return response;
    };
  }
}

/**
 * The log entry of a failure: one line with time, method, path (without the query, which may be a signature), request
 * id and message. The stack follows if the failure is unexpected.
 */
export function entryOf(error: unknown, request: Request, response: Response, time: Date): string {
  const { pathname } = new URL(request.url);
  const place = [time.toISOString(), request.method, pathname, response.headers.get("x-amz-request-id")];
  const line = `${place.filter(Boolean).join(" ")}: ${harmless(messageOf(error))}`;
  if (StorageError.is(error) && error.code !== "unknown") return line;
  // Indented, so that no line of a message can look like a log entry.
  const stack = inspect(error).split("\n");
  return [line, ...stack.map((each) => `  ${harmless(each)}`)].join("\n");
}
