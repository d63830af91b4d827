/** The parts of an upload as one stream. */
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { StoredPart } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { refuse } from "../../src/options.ts";
import { fromErrno, orAbsent, patiently } from "./errno.ts";
import { open, readAt } from "./host.ts";
import { etagOf } from "./identity.ts";
import { uploadFolder } from "./multipart-folder.ts";
import type { Root } from "./root.ts";

const PIECE_BYTES = 256 * 1024;
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** The bytes of parts one after the other, read into the buffer of whoever reads, with one file open at a time. */
export function joined(root: Root, uploadId: string, parts: readonly StoredPart[]): ReadableStream<Uint8Array> {
  const left = parts.values();
  let part = left.next().value;
  let at = 0;
  let handle: FileHandle | undefined;
  let reading: Promise<number> = Promise.resolve(0);

  async function close(): Promise<void> {
    const closing = handle;
    handle = undefined;
    await closing?.close();
  }

  /** Some bytes; none at the end of the last part. */
  async function read(target: Uint8Array): Promise<number> {
    for (; part && at === part.size; part = left.next().value, at = 0) await close();
    if (!part) return 0;
    handle ??= await openPart(root, uploadId, part);
    const count = await readAt(handle, target.subarray(0, part.size - at), at);
    if (count === 0)
      throw new StorageError("corrupt", `part ${part.partNumber} was cut while it was read; upload it again`);
    at += count;
    return count;
  }

  /** Never under a read that the system is still doing. */
  async function finish(): Promise<void> {
    await reading.catch(() => {});
    await close();
  }

  return new ReadableStream(
    {
      type: "bytes",
      autoAllocateChunkSize: PIECE_BYTES,
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
          throw fromErrno(error);
        }
      },
      cancel: finish,
    },
    { highWaterMark: 0 },
  );
}

/** Opens a part if it still is the one that was listed. */
async function openPart(root: Root, uploadId: string, { partNumber, etag }: StoredPart): Promise<FileHandle> {
  const path = root.path(`${uploadFolder(uploadId)}/${partNumber}`);
  const handle = await orAbsent(patiently(() => open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)));
  const stats = await handle?.stat({ bigint: true });
  if (handle && stats?.isFile() && etagOf(stats) === etag) return handle;
  await handle?.close();
  throw refuse("parts", `names part ${partNumber}, which was replaced or removed meanwhile: list the parts anew`);
}
