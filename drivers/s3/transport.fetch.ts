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
  let fresh: DenoClient | undefined;
  const { send } = fromFetch(
    (url, init) => {
      if (init.keepalive === false) fresh ??= Deno?.createHttpClient({ poolMaxIdlePerHost: 0 });
      return fetch(url, init.keepalive === false && fresh ? ({ ...init, client: fresh } as RequestInit) : init);
    },
    timeouts,
    RAW,
  );
  return { send, close: async () => fresh?.close() };
}

interface DenoClient {
  close(): void;
}

/** Deno's fetch takes connections that are not kept from a client of its own. */
const { Deno } = globalThis as { Deno?: { createHttpClient(options: { poolMaxIdlePerHost: number }): DenoClient } };

/** Bun and Workers can be told to decode nothing, Deno does not when a request says what it accepts; browsers always decode. */
const RAW = "Bun" in globalThis || Deno !== undefined || globalThis.navigator?.userAgent === "Cloudflare-Workers";
