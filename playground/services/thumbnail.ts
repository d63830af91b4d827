/** The thumbnailer on Node, Bun and Deno: sharp. */
import { Refused } from "../http/errors.ts";
import type { Thumbnailer } from "./avatars.ts";

/** What a decoded picture may hold: 50 million pixels, since 5 MB can unfold to gigabytes. */
const MOST_PIXELS = 50_000_000;

/** Loads sharp; null where it cannot run. */
export async function loadThumbnailer(): Promise<Thumbnailer | null> {
  const sharp = await import("sharp").then(
    (module) => module.default,
    () => null,
  );
  if (sharp === null) return null;
  return async (picture) => {
    try {
      return await sharp(picture, { limitInputPixels: MOST_PIXELS, failOn: "error" })
        .rotate()
        .resize(200, 200, { fit: "cover" })
        .flatten({ background: "#fff" })
        .jpeg({ quality: 85 })
        .toBuffer();
    } catch {
      throw new Refused(
        422,
        "unreadable-picture",
        `This picture cannot be read: it is damaged, or larger than ${MOST_PIXELS / 1e6} megapixels. Save it anew and try again.`,
      );
    }
  };
}
