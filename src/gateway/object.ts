/**
 * Reads, writes and deletes one object.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
import type { ObjectHeaders } from "../backend.ts";
import { collect } from "../collect.ts";
import { notFound } from "../error.ts";
import type { ObjectStore, UploadOptions } from "../interface.ts";
import { answer } from "../respond/answer.ts";
import { NAMES } from "../s3/headers.ts";
import type { Call } from "./call.ts";
import { toHeaders, toOptions, validators } from "./headers.ts";
import { Refusal } from "./refusal.ts";

/** GetObject and HeadObject. With `asPart` the whole object is answered as a part: 206 with its range. */
export function readObject(call: Call, asPart = false): Promise<Response> {
  const { store, key, method, headers, signal } = call;
  const shown = overrides(call);
  return answer(
    store,
    key,
    { method, headers: withQuotes(headers), signal },
    {
      asPart,
      headers: (info) => toHeaders(info, shown),
      validators,
      refuse(error) {
        throw error;
      },
      unsatisfied(size, range) {
        const elements = { RangeRequested: headers.get("range") ?? "", ActualObjectSize: String(size) };
        throw new Refusal("InvalidRange", "The requested range is not satisfiable", { headers: range, elements });
      },
    },
  );
}

/** The largest body that is held in memory: for so few bytes a stream costs more than it saves. */
const MAX_HELD = 64 * 1024;

/** PutObject. */
export async function putObject(call: Call): Promise<Response> {
  const { store, key, headers, payload } = call;
  const options = { ...toOptions(headers), ...writeConditions(headers) };
  const { body, size, answer: told } = payload();
  const held = size !== undefined && size <= MAX_HELD;
  const source = held ? await collect(async () => (await body.next()).value ?? null, size, Infinity) : body;
  const { etag } = await store.upload(key, source, { ...options, size });
  return new Response(null, { status: 200, headers: { etag, ...told } });
}

/** DeleteObject. Without a condition an absent key is success. */
export async function deleteObject({ store, key, headers }: Call): Promise<Response> {
  const { ifMatch, ifNoneMatch } = writeConditions(headers);
  if (ifNoneMatch !== undefined) throw new Refusal("NotImplemented", "A delete has no If-None-Match.");
  await deleteMatching(store, key, ifMatch);
  return new Response(null, { status: 204 });
}

/** Deletes an object, if it has the ETag. With a condition an absent key is NoSuchKey, even for `*`. */
export async function deleteMatching(store: ObjectStore, key: string, ifMatch: string | undefined): Promise<void> {
  if (ifMatch !== undefined && !(await store.exists(key))) throw notFound(key);
  await store.delete(key, { ifMatch });
}

/** The conditions of a write. */
export function writeConditions(headers: Headers): Pick<UploadOptions, "ifMatch" | "ifNoneMatch"> {
  const [ifMatch, ifNoneMatch] = [headers.get("if-match"), headers.get("if-none-match")];
  if (ifNoneMatch !== null && ifNoneMatch !== "*")
    throw new Refusal("NotImplemented", "If-None-Match of a write can only be *");
  if (headers.has("if-modified-since") || headers.has("if-unmodified-since"))
    throw new Refusal("NotImplemented", "A write can be held to ETags, not to dates");
  return {
    ...(ifMatch !== null && { ifMatch: quoted(ifMatch) }),
    ...(ifNoneMatch !== null && { ifNoneMatch }),
  };
}

/** The same headers, with quotes around the ETags of conditions: some clients leave them out. */
function withQuotes(headers: Headers): Headers {
  const all = new Headers(headers);
  for (const name of ["if-match", "if-none-match"]) {
    const value = headers.get(name);
    if (value !== null) all.set(name, quoted(value));
  }
  return all;
}

/** Refuses conditions of operations that have none here: ignoring them would do what they were meant to prevent. */
export function unconditional(headers: Headers): void {
  for (const name of CONDITIONS)
    if (headers.has(name)) throw new Refusal("NotImplemented", `${name} is not implemented for this operation.`);
}

const CONDITIONS = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

/** An ETag with its quotes, which some clients leave out. */
export function quoted(etag: string): string {
  return etag === "*" || etag.includes('"') ? etag : `"${etag}"`;
}

/**
 * The `response-` parameters, which replace stored headers. Only if signed: nobody else may choose how an object is
 * shown.
 */
function overrides({ query, accessKeyId }: Call): ObjectHeaders {
  const shown = NAMES.flatMap(([option, name]) => {
    const value = query.get(`response-${name}`);
    if (value !== undefined && !/^[\t\x20-\x7e]*$/.test(value))
      throw new Refusal("InvalidArgument", `response-${name} must be printable ASCII.`);
    return value === undefined ? [] : [[option, value] as const];
  });
  if (query.has("response-expires")) throw new Refusal("NotImplemented", "response-expires is not implemented.");
  if (shown.length > 0 && accessKeyId === null)
    throw new Refusal("InvalidRequest", "Request specific response headers cannot be used for anonymous GET requests.");
  return Object.fromEntries(shown);
}
