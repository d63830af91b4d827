import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fs from "../drivers/fs.ts";
import memory from "../drivers/memory.ts";
import { keyValueContract } from "./support/unstorage.ts";

keyValueContract(
  "memory",
  async () => memory(),
  async () => {},
);

let folder: string;
keyValueContract(
  "fs",
  async () => {
    folder = await mkdtemp(join(tmpdir(), "unbucket-unstorage-"));
    return fs({ base: folder });
  },
  () => rm(folder, { recursive: true }),
);
