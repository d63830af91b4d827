/**
 * The floor of a folder whose writes keep this package's guarantees, by hand: beside the raw calls a claim on the key, which is
 * made and ended, a look at the version that is replaced, and a time of the writer's own. A read looks before it opens.
 */
import { constants } from "node:fs";
import { lstat, mkdir, open, rename, symlink, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { Connect } from "../client.ts";
import files from "./floor.files.ts";

const connect: Connect = async (base) => {
  await mkdir(`${base}/objects`, { recursive: true });
  let temps = 0;
  return {
    ...(await files(base)),
    async put(key, bytes) {
      const temp = `${base}/${temps++}.tmp`;
      const path = `${base}/${key}`;
      const file = await open(temp, "wx");
      await file.write(bytes);
      const now = Date.now() / 1000;
      await file.utimes(now, now);
      await file.sync();
      await file.stat({ bigint: true });
      await file.close();
      const claim = `${base}/${key.replaceAll("/", "-")}.claim`;
      await symlink(`${process.pid}`, claim);
      await lstat(path, { bigint: true }).catch(() => null);
      const folder = await open(dirname(path), "r");
      await rename(temp, path);
      await folder.sync();
      await folder.close();
      await unlink(claim);
    },
    async get(key) {
      const path = `${base}/${key}`;
      await lstat(path, { bigint: true });
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const { size } = await file.stat({ bigint: true });
      const buffer = new Uint8Array(Number(size));
      const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, 0);
      await file.close();
      return bytesRead;
    },
  };
};

export default connect;
