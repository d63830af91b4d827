/** From options and `AWS_*` variables to checked settings. */
import { type Clock, systemClock } from "../../src/clock.ts";
import type { OnEvent } from "../../src/event.ts";
import {
  defined,
  driverOptions,
  httpUrl,
  type OptionType,
  publicBase,
  refuse,
  wholeNumber,
  wholeNumbers,
} from "../../src/options.ts";
import { MAX_PART, MIN_PART } from "../../src/plan.ts";
import { parseRetry, type RetryOptions } from "../../src/retry.ts";
import type { Address } from "../../src/s3/url.ts";
import { Checksums } from "./checksum.ts";
import { identityOf, type IdentitySource } from "./credentials.ts";
import { type Environment, environment } from "./environment.ts";
import type { Fetch } from "./fetch.ts";
import { extraHeaders } from "./headers.ts";
import type { S3Options } from "./options.ts";
import { isRegion, type Site, Whereabouts } from "./region.ts";
import { StoreClock } from "./skew.ts";
import type { Timeouts } from "./transport.ts";

const MIB = 1024 * 1024;

/** The bounds of a timer. */
const MILLISECONDS = [0, 2 ** 31 - 1] as const;

/** Every option with its type. The compiler finds one that is missing here. */
const TYPES: Readonly<Record<keyof S3Options, OptionType>> = {
  ...{ bucket: "string", region: "string", endpoint: "string", publicEndpoint: "string", base: "string" },
  ...{ accessKeyId: "string", secretAccessKey: "string", sessionToken: "string", publicUrl: "string" },
  ...{ forcePathStyle: "boolean", bulkDelete: "boolean", signPayload: "boolean", writeId: "boolean" },
  conditionalWrites: "boolean",
  ...{ credentials: "function", fetch: "function", onEvent: "function" },
  ...{ headers: "object", retry: "object", dispatcher: "object" },
  ...{ partSize: 1, concurrency: 1, maxMemory: 1, timeout: 1, checksum: 1 },
};

/** Options, checked and complete. */
export interface Settings {
  readonly bucket: string;
  /** Region and addresses, which the answer of a store may correct. */
  readonly whereabouts: Whereabouts;
  readonly identity: IdentitySource;
  /** Empty, or ends with `/`. */
  readonly base: string;
  readonly bulkDelete: boolean;
  readonly conditionalWrites: boolean;
  readonly partSize: number;
  readonly concurrency: number;
  readonly maxMemory: number;
  readonly signPayload: boolean;
  readonly writeId: boolean;
  readonly checksums: Checksums;
  readonly publicUrl: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly retry: RetryOptions;
  readonly timeouts: Timeouts;
  readonly fetch: Fetch | undefined;
  readonly dispatcher: object | undefined;
  /** The store's time, which its answers may correct. */
  readonly clock: StoreClock;
  readonly onEvent: OnEvent | undefined;
}

/** Checks all options; rejects `invalid-option`, which names the option. */
export function toSettings(options: S3Options, env: Environment = environment(), clock: Clock = systemClock): Settings {
  driverOptions(options, TYPES);
  const { conditionalWrites = true } = options;
  const { bucket, bulkDelete = true, writeId = true, signPayload = true, partSize = 8 * MIB } = options;
  const { concurrency = defaultConcurrency(), maxMemory = Math.max(64 * MIB, partSize) } = options;
  const { retry = {}, timeout, fetch, dispatcher, onEvent } = options;
  if (!bucket) throw refuse("bucket", "is missing; name the bucket");
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(bucket) || bucket.includes(".."))
    throw refuse("bucket", "must be 3 to 255 letters, digits, inner dots and hyphens");
  // Requests for those are signed for another service at another host, and their listings have no order.
  if (bucket.endsWith("--x-s3")) throw refuse("bucket", "must not be a directory bucket (S3 Express)");
  const region = options.region || env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || "us-east-1";
  if (!isRegion(region)) throw refuse("region", "must be a name such as us-east-1");
  const base = (options.base ?? "").replace(/^\/+|\/+$/g, "");
  if (/(^|\/)\.\.?(\/|$)/.test(base)) throw refuse("base", 'must not have a "." or ".." segment');

  const endpoint = options.endpoint ? httpUrl("endpoint", options.endpoint) : undefined;
  const publicEndpoint = options.publicEndpoint ? httpUrl("publicEndpoint", options.publicEndpoint) : undefined;
  // Host names have neither capitals nor underscores, and a certificate for *.s3.region.amazonaws.com covers no further dots.
  const inPath = options.forcePathStyle ?? (endpoint !== undefined || !/^[a-z0-9-]+$/.test(bucket));
  if (!inPath && !/^[a-z0-9.-]+$/.test(bucket)) throw refuse("forcePathStyle", "must be true for this bucket");
  const siteIn = (name: string): Site => {
    const aws = new URL(`https://s3.${name}.amazonaws.com${name.startsWith("cn-") ? ".cn" : ""}/`);
    const address = addressOf(endpoint ?? aws, bucket, inPath);
    return {
      region: name,
      address,
      publicAddress: publicEndpoint ? addressOf(publicEndpoint, bucket, inPath) : address,
    };
  };
  const whereabouts = new Whereabouts(region, siteIn);
  const storeClock = new StoreClock(clock);
  if (!signPayload && !whereabouts.site.address.origin.startsWith("https:"))
    throw refuse("signPayload", "may be false over https only");
  const timeouts = toTimeouts(timeout);
  if (fetch && dispatcher) throw refuse("dispatcher", "has no effect beside fetch; give one of them");
  return {
    ...{ bucket, bulkDelete, conditionalWrites, writeId, signPayload, whereabouts, fetch, dispatcher, onEvent },
    identity: identityOf(options, env, storeClock, timeouts.headers),
    base: base && `${base}/`,
    partSize: wholeNumber("partSize", partSize, MIN_PART, MAX_PART),
    concurrency: wholeNumber("concurrency", concurrency, 1, 64),
    maxMemory: wholeNumber("maxMemory", maxMemory, partSize),
    checksums: new Checksums(options.checksum),
    publicUrl: publicBase(options.publicUrl),
    headers: extraHeaders(options.headers, false),
    retry: parseRetry(retry),
    timeouts,
    clock: storeClock,
  };
}

/** Where the bucket answers; rejects `invalid-option` where its name would be there twice, or cannot be. */
function addressOf(endpoint: URL, bucket: string, inPath: boolean): Address {
  const path = endpoint.pathname.replace(/\/*$/, "/");
  if (inPath && path.endsWith(`/${bucket}/`)) throw refuse("endpoint", "must not end with the bucket");
  if (inPath) return { origin: endpoint.origin, path: `${path}${bucket}/` };
  if (/^(\d+\.){3}\d+$|^\[/.test(endpoint.hostname)) throw refuse("forcePathStyle", "must be true for an IP address");
  return { origin: `${endpoint.protocol}//${bucket}.${endpoint.host}`, path };
}

function toTimeouts(timeout: S3Options["timeout"]): Timeouts {
  const given = typeof timeout === "object" ? timeout : { headers: timeout, body: timeout };
  wholeNumbers("timeout", given, { connect: MILLISECONDS, headers: MILLISECONDS, body: MILLISECONDS });
  return { connect: 10_000, headers: 60_000, body: 60_000, ...defined(given) };
}

/** Less on Workers, which have 128 MB and six connections in all. */
function defaultConcurrency(): number {
  return globalThis.navigator?.userAgent === "Cloudflare-Workers" ? 3 : 4;
}
