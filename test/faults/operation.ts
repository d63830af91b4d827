/** Which S3 operation a request is: by method, path, query and one header. Rules and logs speak of operations. */

/** A request's head, as it stood on the wire. */
export interface RequestHead {
  readonly method: string;
  /** Path and query, undecoded. */
  readonly target: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A request's head, taken apart. */
export interface Addressed {
  readonly operation: string;
  readonly bucket: string;
  /** Decoded; empty for a request on the bucket. */
  readonly key: string;
  /** Decoded, without any meaning given to `+`. */
  readonly query: ReadonlyMap<string, string>;
}

/** Names the operation and its object; rejects a path that is not percent-encoded UTF-8. */
export function addressed({ method, target, headers }: RequestHead): Addressed {
  const [path = "", search = ""] = split(target, "?");
  const [bucket, key] = split(path.replace(/^\/prefix(?=\/)/, "").slice(1), "/");
  const pairs = search.split("&").filter((pair) => pair !== "");
  const query = new Map(pairs.map((pair) => split(pair, "=").map(decodeURIComponent) as [string, string]));
  const copies = headers["x-amz-copy-source"] !== undefined;
  const operation = key === "" ? onBucket(method, query) : onObject(method, query, copies);
  return { operation, bucket: decodeURIComponent(bucket), key: decodeURIComponent(key), query };
}

function onBucket(method: string, query: ReadonlyMap<string, string>): string {
  if (method === "GET" && query.has("list-type")) return "ListObjectsV2";
  if (method === "GET" && query.has("uploads")) return "ListMultipartUploads";
  if (method === "POST" && query.has("delete")) return "DeleteObjects";
  const verbs = { HEAD: "HeadBucket", PUT: "CreateBucket", DELETE: "DeleteBucket", POST: "PostObject" };
  return verbs[method as keyof typeof verbs] ?? "Unknown";
}

function onObject(method: string, query: ReadonlyMap<string, string>, copies: boolean): string {
  if (method === "POST" && query.has("uploads")) return "CreateMultipartUpload";
  if (query.has("uploadId")) {
    if (method === "PUT") return copies ? "UploadPartCopy" : "UploadPart";
    const verbs = { POST: "CompleteMultipartUpload", DELETE: "AbortMultipartUpload", GET: "ListParts" };
    return verbs[method as keyof typeof verbs] ?? "Unknown";
  }
  if (method === "PUT") return copies ? "CopyObject" : "PutObject";
  return { GET: "GetObject", HEAD: "HeadObject", DELETE: "DeleteObject" }[method] ?? "Unknown";
}

/** Before and after the first separator. */
export function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
