/** What is measured: cells, clients, and which of them run where. */
import type { Program } from "../runtimes/install.ts";
import type { Task } from "./client.ts";

/** A column of the tables. */
export interface Cell extends Omit<Task, "milliseconds"> {
  readonly name: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** The columns. */
export const CELLS: readonly Cell[] = [
  { name: "PUT 1 KiB × 32", verb: "put", size: KIB, flight: 32 },
  { name: "GET 1 KiB × 32", verb: "get", size: KIB, flight: 32 },
  { name: "PUT 1 KiB × 1", verb: "put", size: KIB, flight: 1 },
  { name: "GET 1 KiB × 1", verb: "get", size: KIB, flight: 1 },
  { name: "64 MiB up", verb: "up", size: 64 * MIB, flight: 1 },
  { name: "64 MiB down", verb: "down", size: 64 * MIB, flight: 1 },
];

/** The streams whose memory is measured. */
export const STREAMS: readonly Cell[] = [
  { name: "256 MiB up", verb: "up", size: 256 * MIB, flight: 1 },
  { name: "256 MiB down", verb: "down", size: 256 * MIB, flight: 1 },
];

/** The columns of a folder; puts with a record are those of a client of its own. */
export const FILE_CELLS: readonly Cell[] = CELLS.filter(({ size }) => size === KIB);

/** The streams of a folder. */
export const FILE_STREAMS: readonly Cell[] = [
  { name: "1 GiB up", verb: "up", size: 1024 * MIB, flight: 1 },
  { name: "1 GiB down", verb: "down", size: 1024 * MIB, flight: 1 },
];

/** This package, and another build of it that may stand beside it. */
export const OURS = "unbucket";
export const BASE = "unbucket-base";

const portable = ["aws4fetch", "unstorage", "s3mini", "s3-lite-client"];
const peers = [...portable, "minio", "aws-sdk"];

/** The name of a runtime, its floor and the peers that run there. */
export interface Field {
  readonly runtime: Program | "workerd";
  readonly floor: string;
  readonly peers: readonly string[];
}

/** Who is measured where. MinIO's and Amazon's clients need more of Node than workerd has. */
export const FIELDS: readonly Field[] = [
  { runtime: "node20", floor: "floor.undici", peers },
  { runtime: "node24", floor: "floor.undici", peers },
  { runtime: "bun", floor: "floor.bun", peers },
  { runtime: "deno", floor: "floor.fetch", peers },
  { runtime: "workerd", floor: "floor.worker", peers: portable },
];

/** A folder's floor: raw calls by hand. */
const FILES = "floor.files";
/** This package on a folder, and the same with a record for each object. */
export const FOLDER = "unbucket.fs";
const RECORD = "unbucket.fs.record";
/** The same read by a default reader. */
export const READER = "unbucket.fs.reader";
export const FOLDER_BASE = "unbucket-base.fs";

/** The same guarantees by hand. */
const GUARDED = "floor.guarded";

const filePeers = [GUARDED, "unstorage.fs", "files-sdk", "flydrive", "remix-file-storage"];

/** Who is measured on a folder, and where. */
export const FOLDER_FIELDS: readonly Field[] = (["node20", "node24", "bun", "deno"] as const).map((runtime) => ({
  runtime,
  floor: FILES,
  peers: [RECORD, ...filePeers],
}));

/** This package on a store in one runtime, the floor beside it, and the other build. */
export interface MemoryField extends Pick<Field, "runtime" | "floor"> {
  readonly ours: string;
  readonly base: string;
  /** Whether the store is a folder, and not S3. */
  readonly folder: boolean;
}

const s3Floors = [...FIELDS, ...(["node22", "node26"] as const).map((runtime) => ({ runtime, floor: "floor.undici" }))];
const programs = ["node20", "node22", "node24", "node26", "bun", "deno"] as const;

/** Where memory is measured: on every runtime. */
export const MEMORY_FIELDS: readonly MemoryField[] = [
  ...s3Floors.map(({ runtime, floor }) => ({ runtime, floor, ours: OURS, base: BASE, folder: false })),
  ...programs.map((runtime) => ({ runtime, floor: FILES, ours: FOLDER, base: FOLDER_BASE, folder: true })),
];

/** Every client that has an adapter. */
export const CLIENTS: readonly string[] = [
  ...[OURS, BASE, ...new Set(FIELDS.map(({ floor }) => floor)), ...peers],
  ...[FILES, FOLDER, FOLDER_BASE, RECORD, READER, ...filePeers],
];

/** Whether a place such as `node20 / unbucket / PUT 1 KiB × 32` matches `BENCH_ONLY`, a regular expression; without it, all do. */
export function wanted(...place: readonly string[]): boolean {
  return new RegExp(process.env["BENCH_ONLY"] ?? "", "i").test(place.join(" / "));
}

/** A whole number from the environment. */
export function setting(name: string, fallback: number): number {
  const value = Number(process.env[name] ?? fallback);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} must be a whole number from 1`);
  return value;
}
