/**
 * HTTP by undici, for Node. Three to twelve times cheaper than Node's fetch: a HEAD keeps its connection, nothing is decompressed, bodies are
 * not copied.
 */
import { Readable } from "node:stream";
import type { Agent, Dispatcher } from "undici";
import { whenAborted } from "../../src/abort.ts";
import { messageOf, StorageError } from "../../src/error.ts";
import { atOnce } from "./at-once.ts";
import type { Pieces, Timeouts, Transport, TransportOptions, WireRequest, WireResponse } from "./transport.ts";

/** Tells which transport a runtime got. */
export const transportName: string = "undici";

/** Milliseconds that running requests have left when the transport is closed. */
const CLOSING = 5000;

/** Bytes of a large body that undici is given at once: it counts `headersTimeout` anew whenever the connection has taken some. */
const SLICE = 256 * 1024;
/** Interim answers (1xx) that may come before the answer. */
const MAX_INTERIM = 20;
/** Bytes of an answer that may wait to be read; then the connection is paused. */
const MAX_QUEUED = 128 * 1024;
/** Bytes of an unwanted answer that are read to keep its connection. */
const MAX_UNWANTED = 64 * 1024;

/** A transport over an agent of its own, or over the dispatcher that the options bring. */
export function createTransport({ timeouts, dispatcher }: TransportOptions): Transport {
  const given = dispatcher as Dispatcher | undefined;
  let own: Promise<Dispatcher> | undefined;
  // Loaded with the first request, since that takes longer than to load all the rest of the driver.
  const load = async (): Promise<Dispatcher> => {
    const undici = await loadUndici().catch((error: unknown) => {
      // The next request tries again, which serves from Node 22 on: Node 20 remembers the failure.
      own = undefined;
      throw error;
    });
    const options = { connect: { timeout: timeouts.connect }, keepAliveTimeout: 30_000 };
    return heedsProxies() ? proxied(undici, options, timeouts) : new undici.Agent(options);
  };
  return {
    send: async (request) => exchange(given ?? (await (own ??= load())), request, timeouts),
    close: async () => {
      const agent = await own?.catch(() => undefined);
      if (!agent) return;
      // `close` waits for running requests, so for ever when nobody reads one of their bodies. `destroy` ends those, but the promise of
      // `close` then never settles.
      let late: ReturnType<typeof setTimeout> | undefined;
      const forced = new Promise<void>((resolve, reject) => {
        late = setTimeout(() => agent.destroy().then(resolve, reject), CLOSING);
      });
      await Promise.race([agent.close(), forced]).finally(() => clearTimeout(late));
    },
  };
}

/** undici. A bundle that holds it may lack what it needs: `require`, or modules of a newer Node. */
async function loadUndici(): Promise<typeof import("undici")> {
  try {
    // Not by `catch` of the promise, which Parcel replaces by the module itself.
    return await import("undici");
  } catch (cause) {
    const said = messageOf(cause);
    if (/too many open files/.test(said))
      throw new StorageError("unavailable", `undici cannot be loaded: ${said}`, { cause });
    const why = `undici cannot be loaded (${said}): let your bundler leave it out, as an external package`;
    throw new StorageError("unsupported", why, { cause });
  }
}

/**
 * Whether Node was told to go by HTTP_PROXY and its like, as Bun and Deno do by themselves.
 * @see https://nodejs.org/api/cli.html#node_use_env_proxy1
 */
function heedsProxies(): boolean {
  const { env, execArgv } = process;
  return (
    env["NODE_USE_ENV_PROXY"] === "1" || `${env["NODE_OPTIONS"]} ${execArgv.join(" ")}`.includes("--use-env-proxy")
  );
}

/**
 * An agent that goes by the proxies of the environment. Plain HTTP is sent to a proxy as curl does it, since many proxies tunnel to port 443
 * alone.
 */
function proxied(
  { EnvHttpProxyAgent, Pool }: typeof import("undici"),
  options: Agent.Options,
  { connect, headers }: Timeouts,
): Dispatcher {
  // undici 7 asks a proxy that hangs up at CONNECT again without end, and waits five minutes for one that is silent.
  const clientFactory = (origin: URL, given: object): Dispatcher => {
    const client = new Pool(origin, { ...given, headersTimeout: headers });
    const ask = client.connect.bind(client) as (asked: Dispatcher.ConnectOptions) => Promise<Dispatcher.ConnectData>;
    const tunnel = (asked: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> =>
      ask(asked).catch((cause: { readonly code?: unknown }) => {
        throw cause.code === "UND_ERR_SOCKET"
          ? new Error("Proxy refused to tunnel: it closed the connection", { cause })
          : cause;
      });
    return Object.assign(client, { connect: tunnel });
  };
  const tls = { timeout: connect };
  try {
    return new EnvHttpProxyAgent({ ...options, proxyTls: tls, requestTls: tls, proxyTunnel: false, clientFactory });
  } catch {
    // Without its cause, which holds the value and so perhaps a password.
    const why = "HTTP_PROXY and HTTPS_PROXY must be URLs such as http://proxy.example:3128";
    throw new StorageError("invalid-option", why);
  }
}

function exchange(
  through: Dispatcher,
  { method, url, headers, body, copies = 0, signal }: WireRequest,
  timeouts: Timeouts,
): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const handler = new Exchange(timeouts.body, signal, resolve, reject);
    const size = body?.byteLength ?? 0;
    const sliced = body && size > SLICE;
    const at = url.indexOf("/", "https://".length);
    const options = {
      origin: at < 0 ? url : url.slice(0, at),
      path: at < 0 ? "/" : url.slice(at),
      method: method as Dispatcher.HttpMethod,
      headers: sliced ? { ...headers, "content-length": String(size) } : headers,
      body: sliced ? Readable.from(slices(body), { objectMode: true, highWaterMark: 1 }) : (body ?? null),
      // Twice for slices, of which the last may still be on its way when the time begins.
      headersTimeout: timeouts.headers && timeouts.headers * (sliced ? 2 : 1) + copies / 10_000,
      bodyTimeout: timeouts.body,
      // undici closes the connection after a HEAD unless told that servers answer it properly.
      reset: false,
      // undici 8 would take HTTP/2 where it is offered, with which uploads that are aborted together hang the whole process (seen with 7.30 and
      // 8.13, Node 20 to 26).
      allowH2: false,
    };
    try {
      through.dispatch(options, handler);
    } catch (error) {
      handler.onResponseError(undefined, error);
    }
  });
}

/** A large body in slices, by which undici sees that a slow upload goes on. Given whole, it would look sent at once. */
function* slices(body: Uint8Array): Generator<Uint8Array, void, void> {
  for (let at = 0; at < body.byteLength; at += SLICE) yield body.subarray(at, at + SLICE);
}

/**
 * One exchange: undici's handler of what comes, and the answer that the driver reads. undici's `request` would put a Node stream between the
 * two, which costs as much as all the rest of a small answer.
 */
class Exchange implements Dispatcher.DispatchHandler, WireResponse, Pieces {
  readonly raw = true;
  status = 0;
  readonly #idle: number;
  readonly #signal: AbortSignal | undefined;
  readonly #answered: (answer: WireResponse) => void;
  readonly #failed: (error: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #headers: Readonly<Record<string, string | string[] | undefined>> = {};
  readonly #queue: Uint8Array[] = [];
  #queued = 0;
  #interim = 0;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  readonly #release: () => void;

  constructor(
    idle: number,
    signal: AbortSignal | undefined,
    answered: (answer: WireResponse) => void,
    failed: (error: unknown) => void,
  ) {
    this.#idle = idle;
    this.#signal = signal;
    this.#answered = answered;
    this.#failed = failed;
    this.#release = whenAborted(signal, this.onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Aborted while it waited for a connection.
    if (this.#failure) this.cancel();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200) {
      // undici counts its timeout anew after each.
      if (++this.#interim > MAX_INTERIM)
        controller.abort(new StorageError("unavailable", "there came 1xx and no answer"));
      return;
    }
    this.status = status;
    this.#headers = headers;
    this.#answered(this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#queue.push(chunk);
    this.#queued += chunk.byteLength;
    if (this.#queued >= MAX_QUEUED) controller.pause();
    this.#wake?.();
  }

  onResponseEnd(): void {
    this.#ended = true;
    this.#close();
  }

  onResponseError(_: unknown, error: unknown): void {
    this.#failure ??= { error: toError(error, this.#signal) };
    this.#failed(this.#failure.error);
    this.#close();
  }

  readonly onAbort = (): void => {
    this.onResponseError(undefined, undefined);
    this.cancel();
  };

  readonly header = (name: string): string | null => {
    const value = this.#headers[name];
    return value === undefined ? null : Array.isArray(value) ? value.join(", ") : value;
  };

  names(): string[] {
    return Object.keys(this.#headers);
  }

  pieces(): Pieces {
    return this;
  }

  readonly next = async (): Promise<Uint8Array | null> => {
    for (;;) {
      const piece = this.#queue.shift();
      if (piece) {
        this.#queued -= piece.byteLength;
        if (this.#queued < MAX_QUEUED / 2) this.#controller?.resume();
        return piece;
      }
      if (this.#failure) throw this.#failure.error;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  };

  cancel(): void {
    if (!this.#ended) this.#controller?.abort(new Error("nobody reads this answer any more"));
  }

  bytes(most: number, times = 1): Promise<Uint8Array> {
    return atOnce(this, most, times * this.#idle);
  }

  async discard(): Promise<void> {
    await this.bytes(MAX_UNWANTED).catch(() => {});
  }

  #close(): void {
    this.#release();
    this.#wake?.();
  }
}

/** By undici's codes and not its classes: a dispatcher that was passed may be of another copy of undici. */
const TIMEOUTS: Readonly<Record<string, string>> = {
  UND_ERR_HEADERS_TIMEOUT: "the store did not answer in time",
  UND_ERR_BODY_TIMEOUT: "the store stopped sending",
  UND_ERR_CONNECT_TIMEOUT: "no connection to the store in time",
};

/** What an exchange failed with. An abort is the signal's own reason, which undici replaces once the body is under way. */
function toError(error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  if (StorageError.is(error)) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const late = TIMEOUTS[String(code)];
  if (late) return new StorageError("timeout", late, { cause: error });
  if (code === "ERR_ACCESS_DENIED")
    return new StorageError("denied", "Node's permissions forbid connections; allow them by --allow-net", {
      cause: error,
    });
  const said = messageOf(error);
  if (said.startsWith("Proxy ")) return new StorageError("unavailable", `the proxy refused: ${said}`, { cause: error });
  const named = typeof code === "string" ? ` (${code})` : "";
  return new StorageError("unavailable", `the connection to the store failed${named}`, { cause: error });
}
