/** Everywhere that the playground runs, on what it stores to there. */
import { fileURLToPath } from "node:url";
import { program } from "../runtimes/install.ts";
import { mainServers } from "../support/s3.ts";
import type { App, Traits } from "./check.ts";
import { builtOnNode, type Command, mainPlaces, type Place, places, start } from "./start.ts";
import { startWorker } from "./worker.ts";

/** The playground on one runtime and one store. */
export interface Host extends Traits {
  readonly name: string;
  open(): Promise<App>;
}

/** A runtime that runs `server.ts`: as built on Node, the source elsewhere. */
export interface Runtime {
  readonly name: "node" | "bun" | "deno";
  readonly command: () => Promise<Command>;
}

const source = fileURLToPath(new URL("../../playground/server.ts", import.meta.url));

export const runtimes: readonly Runtime[] = [
  { name: "node", command: async () => builtOnNode },
  { name: "bun", command: async () => [await program("bun"), source] },
  { name: "deno", command: async () => [await program("deno"), "run", "--allow-all", "--quiet", source] },
];

/** Starts `server.ts` on a runtime. */
export async function startOn({ command }: Runtime, place: Place): ReturnType<typeof start> {
  return start(place, { DENO_NO_UPDATE_CHECK: "1" }, await command());
}

/** MinIO refuses an empty segment, SeaweedFS takes a trailing slash for a folder. */
const UNKEPT: Readonly<Record<string, readonly string[]>> = { minio: ["x//y"], seaweedfs: ["x//y", "x/y/"] };

const onProcess = (runtime: Runtime, place: Place): Host => ({
  name: `${runtime.name}, ${place.name}`,
  store: place.name === "a folder" ? "folder" : "s3",
  thumbnails: true,
  rawTarget: runtime.name !== "bun",
  unkept: UNKEPT[place.name] ?? [],
  open: () => startOn(runtime, place),
});

const onWorkers = { thumbnails: false, rawTarget: false } as const;

/** Node on every store, the others on a folder and on MinIO, Workers on MinIO and on an R2 binding. */
export const hosts: readonly Host[] = [
  ...runtimes.flatMap((runtime) =>
    (runtime.name === "node" ? places : mainPlaces).map((place) => onProcess(runtime, place)),
  ),
  ...mainServers.slice(0, 1).map((server): Host => ({
    ...onWorkers,
    name: `workerd, ${server.name}`,
    store: "s3",
    unkept: UNKEPT[server.name] ?? [],
    open: () => startWorker(server),
  })),
  { ...onWorkers, name: "workerd, R2", store: "r2", unkept: [], open: () => startWorker() },
];
