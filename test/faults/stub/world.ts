/** One bucket of the stub, and how it misbehaves. */
import { createHash } from "node:crypto";

/** A stored object. */
export interface StubObject {
  readonly body: Buffer;
  /** Quoted. */
  readonly etag: string;
  /** What is given back with the object: content headers and `x-amz-meta-`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly modified: number;
}

/** An upload under way. */
export interface StubUpload {
  readonly id: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly begun: number;
  readonly parts: Map<number, { readonly body: Buffer; readonly etag: string; readonly modified: number }>;
}

/** Odd behaviour, all of it seen in real servers. Plain data, so that a test in another process can ask for it. */
export interface Switches {
  readonly region?: string;
  /** Milliseconds that the server's clock is ahead. */
  readonly skew?: number;
  /** The `Date` header, whatever the clock says; empty: none. */
  readonly date?: string;
  /** Session tokens that are good, in the order in which they expire. Default: none is wanted, each is good. */
  readonly tokens?: readonly string[];
  /** From this request on (counted in this bucket, from 1) the first token has expired. */
  readonly tokenEnds?: number;
  /** The bucket does not exist. */
  readonly absent?: boolean;
  /** Objects are listed, and called absent by GET and HEAD, as by a store that misses some of its nodes. */
  readonly hides?: boolean;
  /** The ETag of a part or an object is left out. */
  readonly omitEtag?: boolean;
  /** How an ETag is written. Default quoted. */
  readonly etagForm?: "quoted" | "bare" | "weak" | "encoded";
  /** A listing is not url-encoded although that was asked for. */
  readonly plainListing?: boolean;
  /** Continuation tokens begin with this. */
  readonly cursorPrefix?: string;
  /** Every page names the same next page. */
  readonly repeatCursor?: boolean;
  /** A page goes on without saying where. */
  readonly omitCursor?: boolean;
  /** So many pages without keys come first. */
  readonly emptyPages?: number;
  /** Parts but the last must have equal size (R2). */
  readonly equalParts?: boolean;
  /** Least bytes of a part but the last. Default 5 MiB. */
  readonly minPart?: number;
  /** Any `x-amz-checksum-` header is answered 501. */
  readonly noChecksums?: boolean;
  /** Ranges are ignored, and answered with the whole object. */
  readonly noRanges?: boolean;
  /** HEAD of objects is answered with this status. */
  readonly headStatus?: number;
  /** If-Match on an absent key is answered 412 instead of 404. */
  readonly matchAbsent412?: boolean;
  /** A multipart upload is destroyed by a completion whose condition does not hold (R2). */
  readonly failedCompleteDestroys?: boolean;
  /** HEAD and copies say that an object has this many bytes. */
  readonly fakeSize?: number;
  /** Headers added to the answers to GET and HEAD of objects. */
  readonly objectHeaders?: Readonly<Record<string, string>>;
  /** Keys that DeleteObjects refuses, each with an error code; `times` of them. */
  readonly refuseDelete?: Readonly<Record<string, { readonly code: string; readonly times?: number }>>;
}

/** A bucket with its keys, its clock and its moods. */
export class World {
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly objects: Map<string, StubObject> = new Map();
  readonly uploads: Map<string, StubUpload> = new Map();
  readonly refusedDeletes: Map<string, number> = new Map();
  switches: Switches = {};
  requests = 0;
  pages = 0;
  #uploadCount = 0;

  constructor(bucket: string, accessKeyId: string, secretAccessKey: string) {
    this.bucket = bucket;
    this.accessKeyId = accessKeyId;
    this.secretAccessKey = secretAccessKey;
  }

  get now(): number {
    return Date.now() + (this.switches.skew ?? 0);
  }

  get region(): string {
    return this.switches.region ?? "us-east-1";
  }

  store(key: string, body: Buffer, headers: StubObject["headers"], etag: string = etagOf(body)): StubObject {
    const object = { body, headers, etag, modified: this.now };
    this.objects.set(key, object);
    return object;
  }

  begin(key: string, headers: StubUpload["headers"]): StubUpload {
    // An id that must be encoded in a query, as AWS's and R2's are.
    const id = `u+${++this.#uploadCount}/=${createHash("sha1")
      .update(this.bucket + key)
      .digest("base64")}`;
    const upload = { id, key, headers, begun: this.now, parts: new Map() };
    this.uploads.set(id, upload);
    return upload;
  }
}

/** As S3 has it for objects in one piece. */
export function etagOf(body: Uint8Array): string {
  return `"${createHash("md5").update(body).digest("hex")}"`;
}
