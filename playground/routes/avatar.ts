/** `/users/:id/avatar`: pictures up to 5 MB, with a thumbnail beside them. */
import type { H3Event } from "h3";
import type { ObjectStore } from "unbucket";
import { type FormFile, readForm } from "unbucket/form";
import { guard } from "unbucket/guard";
import { respond } from "unbucket/respond";
import { Refused } from "../http/errors.ts";
import { currentAvatar, saveAvatar, type Thumbnailer } from "../services/avatars.ts";
import { userOf } from "./user.ts";

const PICTURES = { types: ["image/jpeg", "image/png", "image/gif", "image/webp"], maxSize: 5 * 1024 * 1024 };

/** Stores the first file of a form as the user's avatar: 201 with both addresses. */
export async function postAvatar(
  store: ObjectStore,
  thumbnailer: Thumbnailer | null,
  event: H3Event,
): Promise<Response> {
  const user = userOf(event);
  if (thumbnailer === null) {
    throw new Refused(
      501,
      "no-thumbnails",
      "Thumbnails need sharp, which cannot run here. Run the playground on Node, Bun or Deno.",
    );
  }
  const picture = await pictureIn(event.req);
  const { original, thumbnail } = await saveAvatar(store, thumbnailer, user, picture);
  const address = `/users/${encodeURIComponent(user)}/avatar`;
  return Response.json(
    {
      url: original.url ?? address,
      thumbnailUrl: thumbnail.url ?? `${address}?size=thumbnail`,
      original: { key: original.key, size: original.size, etag: original.etag, contentType: original.contentType },
      thumbnail: { key: thumbnail.key, size: thumbnail.size, etag: thumbnail.etag, contentType: thumbnail.contentType },
    },
    { status: 201, headers: { location: address } },
  );
}

/** The avatar, or with `?size=thumbnail` its thumbnail. */
export async function getAvatar(store: ObjectStore, event: H3Event): Promise<Response> {
  const user = userOf(event);
  const size = new URL(event.req.url).searchParams.get("size") ?? "original";
  if (size !== "original" && size !== "thumbnail") {
    throw new Refused(400, "invalid-option", "size is original or thumbnail.");
  }
  // Twice: a pair that is replaced between the two steps is deleted, and there is a new one.
  for (let last = false; ; last = true) {
    const keys = await currentAvatar(store, user);
    if (keys === null) {
      throw new Refused(404, "not-found", "This user has no avatar. POST a form with a picture to this address.");
    }
    const answer = await respond(store, keys[size], event.req);
    if (last || answer.status !== 404) return answer;
  }
}

async function pictureIn(request: Request): Promise<Picture> {
  for await (const part of readForm(request)) {
    // Awaited here: leaving the loop ends the form, and the file with it.
    if (part.kind === "file") return await read(part);
  }
  throw new Refused(400, "no-file", "The form has no file. Send one picture: curl -F file=@me.png.");
}

interface Picture {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

/** Whole, since sharp needs it so: at most what the guard lets through. */
async function read(file: FormFile): Promise<Picture> {
  const guarded = await guard(file, PICTURES);
  const bytes = new Uint8Array(PICTURES.maxSize);
  let size = 0;
  // Copied at once: a client may send single bytes, each of which would else be kept as an object of a hundred times its size.
  for await (const piece of guarded.body) {
    bytes.set(piece, size);
    size += piece.byteLength;
  }
  return { bytes: bytes.slice(0, size), contentType: guarded.contentType };
}
