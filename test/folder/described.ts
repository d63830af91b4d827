/** Objects that say what they are, so that any reader can tell whether it has one whole version with its own headers. */
import type { Backend, PutOptions, StoredInfo } from "../../src/backend.ts";
import { parseKey } from "../../src/key.ts";

/** Keys that want each other's names, of both trees. */
export const KEYS: readonly string[] = [
  ...["a", "a/b", "a/b/c", "plain.txt", "deep/er/x.json", "x//y", "x:y", "/lead", "trail/", "é"],
  ...["z".repeat(300), "churn/ed", "churn"],
];

/** Keys that are deleted at times, too. */
export const isPassing = (key: string): boolean => key.startsWith("churn");

/** Every third version has no headers of its own. */
const headersOf = (n: number, key: string): PutOptions =>
  n % 3 === 0
    ? {}
    : { contentType: `x/n${n}`, cacheControl: `max-age=${n}`, metadata: { n: `${n}`, key: encodeURIComponent(key) } };

/** Version n of a key: a line that describes it, and as many bytes as that says; and its headers. */
export function versionOf(
  key: string,
  n: number,
  length: number,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly headers: PutOptions } {
  const line = new TextEncoder().encode(`${JSON.stringify({ key, n, length })}\n`);
  const bytes = new Uint8Array(line.length + length).fill(n % 251);
  bytes.set(line);
  return { bytes, headers: headersOf(n, key) };
}

/** Stores version n of a key. */
export async function write(store: Backend, key: string, n: number, length: number): Promise<StoredInfo> {
  const { bytes, headers } = versionOf(key, n, length);
  if (n % 2 === 0) return store.put(parseKey(key), { bytes }, headers);
  return store.put(parseKey(key), { stream: new Blob([bytes]).stream() }, headers);
}

/** What is wrong with a key as it reads now; null when it is one whole version with its headers, or absent. */
export async function faultOf(store: Backend, key: string): Promise<string | null> {
  const object = await store.get(parseKey(key), {});
  if (!object) return isPassing(key) ? null : `${key}: absent`;
  const bytes = new Uint8Array(await new Response(object.body).arrayBuffer());
  const end = bytes.indexOf(10);
  const {
    key: of,
    n,
    length,
  } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as {
    readonly key: string;
    readonly n: number;
    readonly length: number;
  };
  const told = `${key} of ${of}, version ${n}`;
  if (of !== key) return `${told}: another key's bytes`;
  const rest = bytes.subarray(end + 1);
  if (rest.length !== length || object.info.size !== bytes.length) return `${told}: ${rest.length} of ${length} bytes`;
  if (rest.some((byte) => byte !== n % 251)) return `${told}: bytes of another version`;
  const { contentType, cacheControl, metadata } = object.info;
  const seen = { contentType, cacheControl, metadata: { ...metadata } };
  const wanted: PutOptions = headersOf(n, key);
  const same =
    wanted.metadata === undefined
      ? cacheControl === undefined && metadata === undefined && contentType?.startsWith("x/n") !== true
      : JSON.stringify(seen) === JSON.stringify({ ...wanted });
  return same ? null : `${told}: headers ${JSON.stringify(seen)}`;
}

/** Whether a listing has every key that stays, and nothing that is none. */
export async function listingFault(store: Backend): Promise<string | null> {
  const { objects } = await store.list({ prefix: "", limit: 1000 });
  const keys = objects.map(({ key }) => key as string);
  const strange = keys.filter((key) => !KEYS.includes(key));
  const missing = KEYS.filter((key) => !isPassing(key) && !keys.includes(key));
  const twice = keys.filter((key, at) => keys.indexOf(key) !== at);
  return [strange, missing, twice].some((each) => each.length > 0) ? JSON.stringify({ strange, missing, twice }) : null;
}
