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
  return fromFetch((url, init) => fetch(url, init), timeouts, RAW);
}

/** Bun and Workers can be told to decode nothing, Deno does not when a request says what it accepts; browsers always decode. */
const RAW = "Bun" in globalThis || "Deno" in globalThis || globalThis.navigator?.userAgent === "Cloudflare-Workers";
