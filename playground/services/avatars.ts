/**
 * Avatars: a picture and its thumbnail, side by side.
 *
 * Every pair has keys of its own, and one small object names the pair that is current. So a new pair is complete before anyone
 * sees it, and the one before is there until then:
 *
 *     avatars/42/current.json             { "original": "…", "thumbnail": "…" }
 *     avatars/42/<id>/original.png
 *     avatars/42/<id>/thumbnail.jpeg
 */
import { StorageError, type ObjectInfo, type ObjectStore } from "unbucket";

/** Makes a JPEG of 200×200 pixels from a picture. Rejects what is no picture. */
export type Thumbnailer = (picture: Uint8Array) => Promise<Uint8Array>;

/** What a user sent, known to be an image by its first bytes. */
export interface Picture {
  readonly bytes: Uint8Array;
  /** `image/…` */
  readonly contentType: string;
}

/** The two objects of an avatar. */
export interface Avatar {
  readonly original: ObjectInfo;
  readonly thumbnail: ObjectInfo;
}

/** The keys of an avatar's two objects. */
export interface AvatarKeys {
  readonly original: string;
  readonly thumbnail: string;
}

/** The keys of a user's avatar, or null when there is none. */
export async function currentAvatar(store: ObjectStore, user: string): Promise<AvatarKeys | null> {
  return (await readCurrent(store, user)).keys;
}

/**
 * Stores a picture and its thumbnail in place of the user's avatar. When it rejects, the avatar is the one it was and the new
 * pair is deleted, if the store can still be reached; `precondition-failed` when somebody else replaced the avatar meanwhile.
 */
export async function saveAvatar(
  store: ObjectStore,
  thumbnailer: Thumbnailer,
  user: string,
  picture: Picture,
): Promise<Avatar> {
  // Before anything is stored: what sharp cannot read is no picture, whatever its first bytes say.
  const small = await thumbnailer(picture.bytes);
  const before = await readCurrent(store, user);

  const folder = `avatars/${user}/${crypto.randomUUID()}`;
  const keys = {
    original: `${folder}/original.${picture.contentType.replace("image/", "")}`,
    thumbnail: `${folder}/thumbnail.jpeg`,
  };
  const avatar = await storePair(store, keys, picture, small);
  try {
    await store.upload(currentKey(user), JSON.stringify(keys), {
      contentType: "application/json",
      // Of two at the same time one wins, and the other learns that its pair is to be deleted.
      ...(before.etag === null ? { ifNoneMatch: "*" } : { ifMatch: before.etag }),
    });
  } catch (error) {
    // An answer can be lost after the store did what it was asked: what is current is not deleted, and was a success.
    // Where that cannot be found out this rejects, and both pairs stay.
    const now = await currentAvatar(store, user);
    if (now?.original !== keys.original) {
      await discard(store, keys);
      throw error;
    }
  }
  if (before.keys !== null) await discard(store, before.keys);
  return avatar;
}

/** Both or none. */
async function storePair(store: ObjectStore, keys: AvatarKeys, picture: Picture, small: Uint8Array): Promise<Avatar> {
  try {
    const original = await store.upload(keys.original, picture.bytes, { contentType: picture.contentType });
    const thumbnail = await store.upload(keys.thumbnail, small, { contentType: "image/jpeg" });
    return { original, thumbnail };
  } catch (error) {
    await discard(store, keys);
    throw error;
  }
}

function currentKey(user: string): string {
  return `avatars/${user}/current.json`;
}

async function readCurrent(
  store: ObjectStore,
  user: string,
): Promise<{ readonly keys: AvatarKeys | null; readonly etag: string | null }> {
  try {
    const object = await store.download(currentKey(user));
    return { keys: toKeys(user, await object.text()), etag: object.etag };
  } catch (error) {
    if (StorageError.is(error) && error.code === "not-found") return { keys: null, etag: null };
    throw error;
  }
}

/** The pair that the text names, or null: anybody may write under any key here, and what names no pair of this user names none. */
function toKeys(user: string, text: string): AvatarKeys | null {
  let named: Partial<AvatarKeys> | null;
  try {
    named = JSON.parse(text) as Partial<AvatarKeys> | null;
  } catch {
    return null;
  }
  const own = (key: unknown): key is string =>
    typeof key === "string" && key.startsWith(`avatars/${user}/`) && key !== currentKey(user);
  return own(named?.original) && own(named.thumbnail) ? { original: named.original, thumbnail: named.thumbnail } : null;
}

/** Never rejects: a pair that stays behind takes space and nothing else. */
async function discard(store: ObjectStore, keys: AvatarKeys): Promise<void> {
  await store.delete([keys.original, keys.thumbnail]).catch((error: unknown) => {
    console.error(`Delete ${keys.original} and ${keys.thumbnail} by hand:`, error);
  });
}
