/** A store in memory that does what the probe asks about, or one thing of it not. It checks no signatures: real servers do. */
import s3, { type S3Options } from "../../../../drivers/s3.ts";
import { TEXT, VALUES } from "../../../../drivers/s3/probe/checksums.ts";
import type { Feature } from "../../../../drivers/s3/probe/feature.ts";
import { childrenOf, childText, readXml } from "../../../../src/s3/xml.ts";
import type { Driver } from "../../../../src/driver.ts";
import { compareKeys } from "../../../../src/key.ts";

interface Stored {
  readonly text: string;
  readonly etag: string;
  readonly checksums: Readonly<Record<string, string>>;
  readonly described?: Readonly<Record<string, string>>;
}

interface Upload {
  readonly key: string;
  readonly parts: Map<number, { readonly size: number; readonly text: string }>;
  readonly checksums: Readonly<Record<string, string>>;
}

/** One request, as it was sent. */
export interface Sent {
  readonly method: string;
  /** Of the object; empty for the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: string;
  /** Bytes of the body. */
  readonly size: number;
}

/** Answers before the store does, when it gives an answer. */
export type Instead = (sent: Sent) => Response | undefined;

const names = Object.keys(VALUES) as (keyof typeof VALUES)[];
const bucket = "my-bucket";

/** The store, and what was asked of it. */
export class Store {
  readonly objects: Map<string, Stored> = new Map();
  readonly uploads: Map<string, Upload> = new Map();
  readonly sent: Sent[] = [];
  readonly #lacks: ReadonlySet<Feature>;
  readonly #instead: Instead;
  #number = 0;

  constructor(lacks: readonly Feature[] = [], instead: Instead = () => undefined) {
    this.#lacks = new Set(lacks);
    this.#instead = instead;
  }

  driver(options: S3Options = {}): Driver {
    const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "the-secret-of-it" };
    return s3({
      bucket,
      endpoint: "http://store.example",
      region: "us-east-1",
      ...keys,
      fetch: this.fetch,
      ...options,
    });
  }

  readonly fetch = async (address: string, init: RequestInit): Promise<Response> => {
    const url = new URL(address);
    const path = decodeURIComponent(url.pathname).slice(1);
    const key = url.hostname.startsWith(bucket) ? path : path.slice(bucket.length + 1);
    const headers = new Headers(init.headers);
    const form = init.body instanceof FormData ? init.body : undefined;
    const bytes = form || !init.body ? new Uint8Array() : (init.body as Uint8Array<ArrayBuffer>);
    // Of parts of megabytes only the length counts.
    const body = bytes.byteLength > 10_000 ? "" : new TextDecoder().decode(bytes);
    const size = bytes.byteLength;
    const sent: Sent = { method: init.method ?? "GET", key, query: url.searchParams, headers, body, size };
    this.sent.push(sent);
    init.signal?.throwIfAborted();
    return this.#instead(sent) ?? (form ? this.#form(form) : this.#answer(sent));
  };

  #has(feature: Feature): boolean {
    return !this.#lacks.has(feature);
  }

  #answer(sent: Sent): Response {
    const { method, key, query, headers, body } = sent;
    const region = /Credential=[^/]+\/\d+\/([^/]+)/.exec(headers.get("authorization") ?? "")?.[1];
    if (region !== "us-east-1" && this.#has("region-checked")) return refusal(400, "AuthorizationHeaderMalformed");
    if (query.has("partNumber")) return this.#part(sent);
    if (query.has("uploads") && method === "GET") return this.#pending(query.get("prefix") ?? "");
    if (query.has("uploads")) return this.#begin(sent);
    if (query.has("uploadId") && method === "POST") return this.#complete(sent);
    if (query.has("uploadId"))
      return new Response(null, { status: this.uploads.delete(query.get("uploadId") ?? "") ? 204 : 404 });
    if (query.has("delete")) return this.#deleteMany(body);
    if (key === "") return this.#list(query);
    if (method === "PUT" && headers.has("x-amz-copy-source")) return this.#copy(sent);
    if (method === "PUT") return this.#put(sent);
    const stored = this.objects.get(key);
    if (method === "DELETE") {
      if (!matches(headers, "if-match", stored, this.#has("delete-if-match")))
        return refusal(412, "PreconditionFailed");
      this.objects.delete(key);
      return new Response(null, { status: 204 });
    }
    if (!stored) return method === "HEAD" ? new Response(null, { status: 404 }) : refusal(404, "NoSuchKey");
    return new Response(method === "HEAD" ? null : stored.text, {
      headers: { etag: stored.etag, ...stored.checksums, ...stored.described },
    });
  }

  #put({ key, headers, body }: Sent): Response {
    if (this.#refuses(headers, key, "put-if-none-match", "put-if-match")) return refusal(412, "PreconditionFailed");
    const above = [...this.objects.keys()].some((other) => key.startsWith(`${other}/`));
    if (above && !this.#has("list-below")) return refusal(409, "ObjectParentIsFile");
    const checksums: Record<string, string> = {};
    for (const name of names) {
      const header = `x-amz-checksum-${name.toLowerCase()}`;
      const value = headers.get(header);
      if (value === null || !this.#has(name.toLowerCase() as Feature)) continue;
      if (body !== TEXT || value !== VALUES[name]) return refusal(400, "BadDigest");
      checksums[header] = value;
    }
    const described = [...headers].filter(([name]) => /^(?:content-[dlt]|cache-|x-amz-meta-)/.test(name));
    const etag = this.#store(key, body, checksums, this.#has("headers") ? Object.fromEntries(described) : {});
    return new Response(null, { headers: { etag } });
  }

  #copy({ key, headers }: Sent): Response {
    const source = this.objects.get(
      decodeURIComponent(headers.get("x-amz-copy-source") ?? "").slice(bucket.length + 2),
    );
    if (!matches(headers, "x-amz-copy-source-if-match", source, this.#has("copy-source-if-match")))
      return refusal(412, "PreconditionFailed");
    if (this.#refuses(headers, key, "copy-if-none-match")) return refusal(412, "PreconditionFailed");
    this.#store(key, source?.text ?? "");
    return xml("CopyObjectResult", "<ETag>e</ETag>");
  }

  #begin({ key, headers }: Sent): Response {
    const name = headers.get("x-amz-checksum-algorithm");
    const full = headers.get("x-amz-checksum-type") === "FULL_OBJECT";
    const feature = `${full ? "full" : "composite"}-${name?.toLowerCase()}` as Feature;
    if (name && !this.#has(feature)) return refusal(400, "InvalidRequest");
    const value = VALUES[name as keyof typeof VALUES];
    const checksums = { [`x-amz-checksum-${name?.toLowerCase()}`]: full ? value : `${value}-1` };
    const uploadId = `upload-${++this.#number}`;
    this.uploads.set(uploadId, { key, parts: new Map(), checksums: name ? checksums : {} });
    return xml("InitiateMultipartUploadResult", `<UploadId>${uploadId}</UploadId>`);
  }

  #part({ query, body, size }: Sent): Response {
    const number = Number(query.get("partNumber"));
    if (number > 10_000 && !this.#has("part-10001")) return refusal(400, "InvalidArgument");
    this.uploads.get(query.get("uploadId") ?? "")?.parts.set(number, { size, text: body });
    return new Response(null, { headers: { etag: `"${number}"` } });
  }

  #complete({ key, query, headers }: Sent): Response {
    const id = query.get("uploadId") ?? "";
    const upload = this.uploads.get(id);
    if (!upload) return refusal(404, "NoSuchUpload");
    if (this.#refuses(headers, key, "complete-if-none-match", "complete-if-match"))
      return refusal(412, "PreconditionFailed");
    const parts = [...upload.parts.values()];
    const sizes = parts.slice(0, -1).map(({ size }) => size);
    if (sizes.some((size) => size < 5 * 1024 * 1024) && !this.#has("small-parts"))
      return refusal(400, "EntityTooSmall");
    // As R2 has it, though it does so when it answers with 200.
    if (new Set(sizes).size > 1 && !this.#has("unequal-parts")) return xml("Error", "<Code>InvalidPart</Code>");
    this.uploads.delete(id);
    this.#store(key, parts.map(({ text }) => text).join(""), upload.checksums);
    return xml("CompleteMultipartUploadResult", "<ETag>e</ETag>");
  }

  #deleteMany(body: string): Response {
    if (!this.#has("delete-many")) return refusal(501, "NotImplemented");
    for (const entry of childrenOf(readXml(body), "Object")) this.objects.delete(childText(entry, "Key") ?? "");
    return xml("DeleteResult", "");
  }

  #list(query: URLSearchParams): Response {
    const prefix = query.get("prefix") ?? "";
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix));
    keys.sort(this.#has("list-order") ? compareKeys : undefined);
    const grouped = query.get("delimiter") === "/" && this.#has("delimiter");
    const deeper = (key: string): boolean => grouped && key.slice(prefix.length).includes("/");
    const prefixes = new Set(keys.filter(deeper).map((key) => key.slice(0, key.indexOf("/", prefix.length) + 1)));
    const encodes = query.get("encoding-type") === "url" && this.#has("encoding-type");
    const shown = (key: string): string => escaped(encodes ? encodeURIComponent(key) : key);
    return xml(
      "ListBucketResult",
      [
        encodes ? "<EncodingType>url</EncodingType>" : "",
        ...keys.filter((key) => !deeper(key)).map((key) => `<Contents><Key>${shown(key)}</Key></Contents>`),
        ...[...prefixes].map((one) => `<CommonPrefixes><Prefix>${shown(one)}</Prefix></CommonPrefixes>`),
      ].join(""),
    );
  }

  #pending(prefix: string): Response {
    const found = [...this.uploads].filter(([, { key }]) => key.startsWith(prefix) && this.#has("list-uploads"));
    const list = found.map(([id, { key }]) => `<Upload><Key>${escaped(key)}</Key><UploadId>${id}</UploadId></Upload>`);
    return xml("ListMultipartUploadsResult", list.join(""));
  }

  async #form(form: FormData): Promise<Response> {
    const text = await (form.get("file") as File).text();
    const policy = JSON.parse(atob(String(form.get("policy")))) as { readonly conditions: readonly object[] };
    const [, , most] = policy.conditions.find((one) => Array.isArray(one)) as readonly number[];
    if (text.length > (most ?? 0) && this.#has("post-policy")) return refusal(400, "EntityTooLarge");
    this.#store(String(form.get("key")), text);
    return new Response(null, { status: 204 });
  }

  #refuses(headers: Headers, key: string, create: Feature, replace?: Feature): boolean {
    const present = this.objects.get(key);
    if (headers.get("if-none-match") === "*" && present && this.#has(create)) return true;
    return replace !== undefined && !matches(headers, "if-match", present, this.#has(replace));
  }

  #store(key: string, text: string, checksums: Stored["checksums"] = {}, described: Stored["described"] = {}): string {
    const etag = `"etag-${++this.#number}"`;
    this.objects.set(key, { text, etag, checksums, described });
    return etag;
  }
}

function matches(headers: Headers, name: string, stored: Stored | undefined, checked: boolean): boolean {
  const wanted = headers.get(name);
  return wanted === null || !checked || wanted === stored?.etag;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

function xml(root: string, inner: string, status = 200): Response {
  return new Response(`<${root}>${inner}</${root}>`, { status, headers: { "content-type": "application/xml" } });
}

/** A refusal as S3 writes it. */
export function refusal(status: number, code: string): Response {
  return xml("Error", `<Code>${code}</Code>`, status);
}
