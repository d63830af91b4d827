/** What `s3()` takes. Checked at the first call, in settings.ts. */
import type { ChecksumAlgorithm } from "../../src/checksum/algorithm.ts";
import type { OnEvent } from "../../src/event.ts";
import type { RetryOptions } from "../../src/retry.ts";
import type { Fetch } from "./fetch.ts";
import type { Timeouts } from "./transport.ts";

/** An AWS identity, in the shape that the AWS SDK's credential providers resolve with. */
export interface Credentials {
  /** As the provider names it. */
  readonly accessKeyId: string;
  /** Never part of an error or an event. */
  readonly secretAccessKey: string;
  /** Of temporary keys. */
  readonly sessionToken?: string | undefined;
  /** Asked for again five minutes before. Absent: kept. */
  readonly expiration?: Date | undefined;
}

/** Options of the S3 driver. Plain data suffices; what is absent is read from `AWS_*` variables at the first call. */
export interface S3Options {
  /** Required. */
  readonly bucket?: string | undefined;
  /** Default: `AWS_REGION`, `AWS_DEFAULT_REGION`, else `us-east-1`. R2 wants `auto`. */
  readonly region?: string | undefined;
  /** Base address of the store, with a path if it has one. Default: AWS S3 in the region. */
  readonly endpoint?: string | undefined;
  /** Default: `AWS_ACCESS_KEY_ID`. */
  readonly accessKeyId?: string | undefined;
  /** Default: `AWS_SECRET_ACCESS_KEY`. */
  readonly secretAccessKey?: string | undefined;
  /** Of temporary keys, given with both of them. Default: `AWS_SESSION_TOKEN`, when the keys come from the environment too. */
  readonly sessionToken?: string | undefined;
  /**
   * Called for keys instead, and again five minutes before they expire, or when the store refuses them. Any provider of the AWS SDK fits. A
   * call is shared for half a minute.
   */
  readonly credentials?: (() => Promise<Credentials>) | undefined;
  /** Put before every key, joined with exactly one `/`; not part of the keys that come out. */
  readonly base?: string | undefined;
  /** The bucket in the path instead of the host name. Default: true for an endpoint of your own and for a bucket with dots, else false. */
  readonly forcePathStyle?: boolean | undefined;
  /** Delete many keys by one request. Default true; false for stores without DeleteObjects. */
  readonly bulkDelete?: boolean | undefined;
  /**
   * Whether the store heeds the conditions of writes. Default true; false for one that ignores them, as Garage does: then an upload with a
   * condition, a copy with `ifNoneMatch` and `update` reject `unsupported`, since they could replace what they must not. A copy looks at its
   * source again afterwards, and a delete looks before it.
   */
  readonly conditionalWrites?: boolean | undefined;
  /** Bytes of one part of a large upload, 5 MiB to 5 GiB. Default 8 MiB. Grows when a known length needs it. */
  readonly partSize?: number | undefined;
  /** Parts of one upload in flight, 1 to 64. Default 4; 3 on Workers. */
  readonly concurrency?: number | undefined;
  /**
   * Bytes of part buffers that all uploads of this driver hold together, at least `partSize`; one part more where there is no room for three, or
   * where parts have grown. Default 64 MiB, or one part when that is more.
   */
  readonly maxMemory?: number | undefined;
  /** Sign every payload's SHA-256, which the store checks. Default true; false only over https. */
  readonly signPayload?: boolean | undefined;
  /**
   * Mark conditional writes and multipart uploads with an id in their metadata, by which a write is recognised when its answer was lost.
   * Default true; false leaves such writes `ambiguous`.
   */
  readonly writeId?: boolean | undefined;
  /**
   * An algorithm of `unbucket/checksum`: sent with every upload, and checked when a whole object that has it is read. Of several the first
   * is sent, and any of them is checked. Default: none, since not every store takes the headers.
   */
  readonly checksum?: ChecksumAlgorithm | readonly ChecksumAlgorithm[] | undefined;
  /** Base of the `url` that `upload` and `head` give: a CDN, a route of the app. Default: the object's own address. */
  readonly publicUrl?: string | undefined;
  /** The endpoint as clients see it, which presigned URLs are made for. Default: `endpoint`. */
  readonly publicEndpoint?: string | undefined;
  /** Sent and signed with every request and presigned PUT; a presigned GET has only those that `presign` is given. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How often and how patiently a failed request is repeated. */
  readonly retry?: RetryOptions | undefined;
  /** Milliseconds for the answer, and between two pieces of a body; or one for each phase. Default 60000; connect 10000. */
  readonly timeout?: number | { readonly [Name in keyof Timeouts]?: Timeouts[Name] | undefined } | undefined;
  /** Used instead of the built-in transport: for proxies, service bindings, tests. */
  readonly fetch?: Fetch | undefined;
  /** A dispatcher of undici 7 or later, such as a ProxyAgent; Node only. */
  readonly dispatcher?: object | undefined;
  /** Called after every call, request and body; see `StorageEvent`. */
  readonly onEvent?: OnEvent | undefined;
}
