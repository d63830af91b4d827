/** What calls come to, as steps on keys; bodies that tell whose they are. */
import type { DownloadedObject, ObjectInfo } from "../../src/interface.ts";
import type { Act, Told } from "./register.ts";

/** How often each is done, in proportion to the others. */
export const MENU = {
  upload: 4,
  create: 4,
  replace: 6,
  update: 3,
  download: 5,
  head: 3,
  exists: 2,
  list: 2,
  remove: 3,
  removeMany: 1,
  removeSeen: 3,
  copy: 3,
  move: 2,
  parts: 2,
  setItem: 2,
  getItem: 2,
} as const;
/** What a player may do. */
export type Kind = keyof typeof MENU;

/** Codes by which a plain write or a delete says that it does not know: it can be made again. */
export const OPEN: ReadonlySet<string> = new Set(["ambiguous", "unavailable", "timeout"]);

/** What a call comes to on one key. */
export type Step = Pick<Act, "key" | "found" | "orNone" | "left" | "refused" | "doubtful">;

/** Of a read that failed. */
export const nothing = (): readonly Step[] => [];

/** Of a read that found nothing. */
export function absent(key: string, code: string): readonly Step[] {
  return code === "not-found" ? [{ key, found: null }] : [];
}

/** Of a delete that failed. */
export function maybeGone(keys: readonly string[]): readonly Step[] {
  return keys.map((key) => ({ key, left: null, doubtful: true }));
}

/** Of a write that was acknowledged, on a condition or without. */
export function wrote(key: string, left: Told, found?: Told | null) {
  return ({ etag }: ObjectInfo): readonly Step[] => [{ key, found, left: { ...left, etag } }];
}

/** Of a write without a condition that failed. */
export function plain(key: string, left: Told) {
  return (code: string): readonly Step[] => (OPEN.has(code) ? [{ key, left, doubtful: true }] : []);
}

/** A body that tells whose it is, and whether it is whole: of some bytes, or of some hundred thousand. */
export function bodyOf(id: string): string {
  const last = id.charCodeAt(id.length - 1) % 10;
  return `${id} `.repeat(last === 0 ? 40_000 : last < 4 ? 700 : 1);
}

/** Whose a body is, if it is whole. */
export function idOf(text: string): string {
  const id = text.slice(0, Math.max(0, text.indexOf(" ")));
  return text === bodyOf(id) ? id : `not whole: ${text.slice(0, 40)}`;
}

/** What a download sees. */
export async function whole(object: DownloadedObject): Promise<Told> {
  const told = seenBy(object);
  return { ...told, body: idOf(await object.text()) };
}

/** What a head sees. */
export function seenBy({ etag, metadata }: ObjectInfo): Told {
  // Without the header there is none to tell.
  return { etag: etag === '""' ? undefined : etag, meta: metadata["v"] ?? null };
}

/** In pieces, with a turn of the loop before each. */
export function slow(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        await Promise.resolve();
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, (at += 1 + (bytes.length >> 1))));
      },
    },
    { highWaterMark: 0 },
  );
}
