/** The parts of an upload as one stream. */
import type { StoredPart } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { refuse } from "../../src/options.ts";
import { placeOf } from "./anchor.ts";
import { fromErrno, orAbsent, staleIfAbsent } from "./errno.ts";
import { keptIf, open, READ, type File } from "./file.ts";
import { etagOf } from "./identity.ts";
import { uploadFolder } from "./multipart-folder.ts";
import type { Root } from "./root.ts";
import { CHUNK_BYTES } from "./stream.ts";

/** The bytes of parts one after the other, read into the buffer of whoever reads, with one file open at a time. */
export function joined(root: Root, uploadId: string, parts: readonly StoredPart[]): ReadableStream<Uint8Array> {
  const left = parts.values();
  let part = left.next().value;
  let at = 0;
  let file: File | undefined;
  let reading: Promise<number> = Promise.resolve(0);

  async function close(): Promise<void> {
    const closing = file;
    file = undefined;
    await closing?.close();
  }

  /** Some bytes; none at the end of the last part. */
  async function read(target: Uint8Array): Promise<number> {
    for (; part && at === part.size; part = left.next().value, at = 0) await close();
    if (!part) return 0;
    file ??= await openPart(root, uploadId, part);
    const count = await file.read(target.subarray(0, part.size - at), at);
    if (count === 0)
      throw new StorageError("corrupt", `part ${part.partNumber} was cut while it was read; upload it again`);
    at += count;
    return count;
  }

  /** Closes what is open, but not under a read that the system is still doing. */
  async function finish(): Promise<void> {
    await reading.catch(() => {});
    await close();
  }

  return new ReadableStream(
    {
      type: "bytes",
      autoAllocateChunkSize: CHUNK_BYTES,
      async pull(controller) {
        const request = controller.byobRequest;
        const view = request?.view;
        if (!request || !view) return;
        try {
          reading = read(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
          const count = await reading;
          if (count === 0) controller.close();
          request.respond(count);
        } catch (error) {
          await finish();
          throw fromErrno(staleIfAbsent(error));
        }
      },
      cancel: finish,
    },
    { highWaterMark: 0 },
  );
}

/** Opens a part if it still is the one that was listed. */
async function openPart(root: Root, uploadId: string, { partNumber, etag }: StoredPart): Promise<File> {
  const path = `${uploadFolder(uploadId)}/${partNumber}`;
  const file = await orAbsent(open(root.path(path), READ, root.isLocal()));
  const kept =
    file &&
    (await keptIf(file, async () => {
      const stats = await orAbsent(file.stat());
      if (!stats?.isFile() || etagOf(stats) !== etag) return null;
      return (await placeOf(root, file, path)) === "linked" ? null : file;
    }));
  if (kept) return kept;
  throw refuse("parts", `names part ${partNumber}, which was replaced or removed meanwhile: list the parts anew`);
}
