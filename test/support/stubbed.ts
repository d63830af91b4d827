/** The S3 driver against a scripted server, and against a fetch that records. */
import s3, { type S3Options } from "../../drivers/s3.ts";
import { s3Backend } from "../../drivers/s3/backend.ts";
import { toSettings } from "../../drivers/s3/settings.ts";
import { Client } from "../../drivers/s3/client.ts";
import type { Clock } from "../../src/clock.ts";
import { type Driver, toDriver } from "../../src/driver.ts";
import type { Wire } from "./wire.ts";

/** Options for a scripted server: retries wait a millisecond. */
export function stubOptions(at: Wire | string, options: S3Options = {}): S3Options {
  return {
    bucket: "bucket",
    region: "us-east-1",
    endpoint: typeof at === "string" ? at : at.url,
    accessKeyId: "AKIDSTUB",
    secretAccessKey: "stub-secret",
    retry: { baseDelay: 1, maxDelay: 5 },
    ...options,
  };
}

/** A driver on a scripted server. */
export function stubbed(at: Wire | string, options: S3Options = {}): Driver {
  return s3(stubOptions(at, options));
}

/** A driver on a scripted server that lives by a test's clock; waits are as long as in production, and take no time. */
export function clocked(at: Wire | string, clock: Clock, options: S3Options = {}): Driver {
  const all = { ...stubOptions(at, options), retry: options.retry ?? {} };
  return toDriver({ name: "s3", open: () => s3Backend(all, clock), onEvent: options.onEvent });
}

/** A client on a scripted server. */
export function stubClient(at: Wire | string, options: S3Options = {}): Client {
  return new Client(toSettings(stubOptions(at, options), {}));
}

/** Both transports: undici by default, and any fetch by the option. */
export const TRANSPORTS: readonly (readonly [string, S3Options])[] = [
  ["undici", {}],
  ["fetch", { fetch: (url, init) => globalThis.fetch(url, init) }],
];

/** A request that a recording fetch was given. */
export interface Fetched {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A fetch that never touches the network. */
export function recorder(
  respond: (request: Fetched) => Response = () => new Response("", { headers: { etag: '"e"' } }),
): {
  readonly fetch: NonNullable<S3Options["fetch"]>;
  readonly requests: Fetched[];
} {
  const requests: Fetched[] = [];
  const fetch: NonNullable<S3Options["fetch"]> = async (url, init) => {
    const request = { url, method: init.method ?? "GET", headers: init.headers as Record<string, string> };
    requests.push(request);
    return respond(request);
  };
  return { fetch, requests };
}
