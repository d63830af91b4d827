/** Avatars: a picture and its thumbnail, side by side. */
import type { ObjectInfo, ObjectStore } from "unbucket";

/** Makes a JPEG of 200×200 pixels from a picture. Rejects what is no picture. */
export type Thumbnailer = (picture: Uint8Array) => Promise<Uint8Array>;

/** The two objects of an avatar. */
export interface Avatar {
  readonly original: ObjectInfo;
  readonly thumbnail: ObjectInfo;
}

/** Where a user's avatar is kept. The type travels with the object, so that a new picture replaces one of another kind. */
export function avatarKey(user: string, thumbnail: boolean): string {
  return `avatars/${user}/${thumbnail ? "avatar_thumb" : "avatar"}`;
}

/** Stores a picture and its thumbnail. When one of them cannot be stored neither is kept. */
export async function saveAvatar(
  store: ObjectStore,
  thumbnailer: Thumbnailer,
  user: string,
  picture: { readonly bytes: Uint8Array; readonly contentType: string },
): Promise<Avatar> {
  // Before anything is stored: what sharp cannot read is no picture, whatever its first bytes say.
  const small = await thumbnailer(picture.bytes);
  try {
    const original = await store.upload(avatarKey(user, false), picture.bytes, { contentType: picture.contentType });
    const thumbnail = await store.upload(avatarKey(user, true), small, { contentType: "image/jpeg" });
    return { original, thumbnail };
  } catch (error) {
    await store.delete([avatarKey(user, false), avatarKey(user, true)]).catch((second: unknown) => {
      console.error(`The half-stored avatar of ${user} could not be deleted:`, second);
    });
    throw error;
  }
}
