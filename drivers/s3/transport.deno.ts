/** HTTP by Deno's fetch, which decodes nothing when a request says what it accepts. */
import { StorageError } from "../../src/error.ts";
import type { Transport, TransportOptions } from "./transport.ts";
import { overFetch } from "./transport.fetch.ts";

export { transportName } from "./transport.fetch.ts";

/** @see https://docs.deno.com/api/deno/~/Deno.createHttpClient */
interface DenoClient {
  close(): void;
}

/** Names what Deno's permissions forbid, which no repetition changes. */
function allowed(cause: unknown): never {
  if ((cause as Error).name !== "NotCapable") throw cause;
  throw new StorageError("denied", (cause as Error).message, { cause });
}

/** A transport over the global fetch. Connections that are not kept come from a client of its own. */
export function createTransport(options: TransportOptions): Transport {
  const { Deno } = globalThis as unknown as {
    readonly Deno: { createHttpClient(options: { readonly poolMaxIdlePerHost: number }): DenoClient };
  };
  let fresh: DenoClient | undefined;
  const { send } = overFetch(
    (url, init) => {
      if (init.keepalive !== false) return fetch(url, init).catch(allowed);
      fresh ??= Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
      return fetch(url, { ...init, client: fresh } as RequestInit).catch(allowed);
    },
    options,
    true,
  );
  return { send, close: async () => fresh?.close() };
}
