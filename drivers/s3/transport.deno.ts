/** HTTP by Deno's fetch, which decodes nothing when a request says what it accepts. */
import type { Transport, TransportOptions } from "./transport.ts";
import { overFetch } from "./transport.fetch.ts";

export { transportName } from "./transport.fetch.ts";

/** @see https://docs.deno.com/api/deno/~/Deno.createHttpClient */
interface DenoClient {
  close(): void;
}

/** A transport over the global fetch. Connections that are not kept come from a client of its own. */
export function createTransport(options: TransportOptions): Transport {
  const { Deno } = globalThis as unknown as {
    readonly Deno: { createHttpClient(options: { readonly poolMaxIdlePerHost: number }): DenoClient };
  };
  let fresh: DenoClient | undefined;
  const { send } = overFetch(
    (url, init) => {
      if (init.keepalive !== false) return fetch(url, init);
      fresh ??= Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
      return fetch(url, { ...init, client: fresh } as RequestInit);
    },
    options,
    true,
  );
  return { send, close: async () => fresh?.close() };
}
