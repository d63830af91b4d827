/** HTTP by Deno's fetch, which decodes nothing when a request has an `Accept-Encoding` of its own. */
import { StorageError } from "../../src/error.ts";
import type { Transport, TransportOptions } from "./transport.ts";
import { overFetch } from "./transport.fetch.ts";

export { transportName } from "./transport.fetch.ts";

/** @see https://docs.deno.com/api/deno/~/Deno.createHttpClient */
interface DenoClient {
  close(): void;
}

/** Rejects `denied` for what Deno's permissions forbid, since no repetition changes that. */
function refuse(cause: unknown): never {
  if ((cause as Error).name !== "NotCapable") throw cause;
  throw new StorageError("denied", (cause as Error).message, { cause });
}

/** A transport over the global fetch. Requests that need a new connection go through a client that keeps none. */
export function createTransport(options: TransportOptions): Transport {
  const { Deno } = globalThis as unknown as {
    readonly Deno: { createHttpClient(options: { readonly poolMaxIdlePerHost: number }): DenoClient };
  };
  let fresh: DenoClient | undefined;
  const { send } = overFetch(
    (url, init) => {
      if (init.keepalive !== false) return fetch(url, init).catch(refuse);
      fresh ??= Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
      return fetch(url, { ...init, client: fresh } as RequestInit).catch(refuse);
    },
    options,
    true,
  );
  return { send, close: async () => fresh?.close() };
}
