/** HTTP by the runtime's own fetch, for Bun, Deno, Workers and browsers. */
import { StorageError } from "../../src/error.ts";
import { fromFetch } from "./fetch.ts";
import type { Transport, TransportOptions } from "./transport.ts";

/** Which transport a runtime got. */
export const transportName: string = "fetch";

/** A transport over the global fetch. */
export function createTransport({ timeouts, dispatcher }: TransportOptions): Transport {
  if (dispatcher !== undefined) {
    throw new StorageError("invalid-option", "dispatcher works on Node only; pass a fetch of your own here");
  }
  return fromFetch((url, init) => fetch(url, init), timeouts);
}
