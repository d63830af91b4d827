/** HTTP by the runtime's own fetch: for Bun and Workers, and what the transports for Deno and for pages build on. */
import { StorageError } from "../../src/error.ts";
import { type Fetch, fromFetch } from "./fetch.ts";
import type { Transport, TransportOptions } from "./transport.ts";

/** Tells which transport a runtime got. */
export const transportName: string = "fetch";

/** A transport over the global fetch. */
export function createTransport(options: TransportOptions): Transport {
  return overFetch((url, init) => fetch(url, init), options, RAW);
}

/** A transport over the runtime's fetch; rejects `invalid-option` for a dispatcher. */
export function overFetch(send: Fetch, { timeouts, dispatcher }: TransportOptions, raw: boolean): Transport {
  if (dispatcher === undefined) return fromFetch(send, timeouts, raw);
  throw new StorageError("invalid-option", "dispatcher works on Node only; pass fetch here");
}

/** Bun and Workers can be told to decode nothing. */
const RAW = "Bun" in globalThis || globalThis.navigator?.userAgent === "Cloudflare-Workers";
