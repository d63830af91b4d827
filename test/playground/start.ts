/** The playground in a process of its own, on a folder or on an S3 server: as built on Node, or its source on another runtime. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freshBucket, type S3Server, mainServers, signed } from "../support/s3.ts";
import type { App } from "./check.ts";

const entry = fileURLToPath(new URL("../../playground/dist/server.js", import.meta.url));

/** A running playground with a store and a database of its own. */
export interface Playground extends App {
  /** What the terminal was told so far. */
  readonly output: () => string;
  /** Path of the database file. */
  readonly database: string;
  readonly process: ChildProcess;
  /** Ends the process in this way and starts another one on the same data. */
  restart(signal: "SIGKILL" | "SIGTERM"): Promise<Playground>;
}

/** Where a playground stores to. */
export interface Place {
  readonly name: string;
  open(): Promise<{ readonly variables: Record<string, string>; stored(folder: string): Promise<string[]> }>;
}

/** A folder of its own, with nothing configured. */
export const folder: Place = {
  name: "a folder",
  open: async () => ({ variables: {}, stored: (directory) => filesIn(join(directory, "uploads")) }),
};

/** A folder, MinIO and SeaweedFS. */
export const places: readonly Place[] = [folder, ...mainServers.map(onServer)];

/** A folder and MinIO, or the first server when there is no MinIO: for tests whose point is not the store. */
export const mainPlaces: readonly Place[] = [
  folder,
  ...mainServers
    .filter(({ name }, index) => name === "minio" || (index === 0 && !mainServers.some((one) => one.name === "minio")))
    .map(onServer),
];

/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** What `npm start` runs. */
export const builtOnNode: Command = [process.execPath, entry];

/** Starts a playground in an empty directory. */
export async function start(
  place: Place,
  extra: Record<string, string> = {},
  command: Command = builtOnNode,
): Promise<Playground> {
  if (!existsSync(entry)) throw new Error("playground/dist is missing: run npm run build first");
  const directory = await mkdtemp(join(tmpdir(), "unbucket-playground-"));
  const { variables, stored } = await place.open();
  return launch(command, directory, { ...variables, ...extra }, stored);
}

async function launch(
  [program, ...args]: Command,
  directory: string,
  variables: Record<string, string>,
  stored: (directory: string) => Promise<string[]>,
): Promise<Playground> {
  const { PATH = "" } = process.env;
  const child = spawn(program, args, { cwd: directory, env: { PATH, PORT: "0", ...variables } });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output);
      // The last line: what comes before it is printed in one piece.
      if (found !== null && output.includes("storage.upload(")) resolve(found[0]);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the playground ended with ${code}: ${output}`)));
  });
  const end = async (signal: "SIGKILL" | "SIGTERM"): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  };
  return {
    url,
    output: () => output,
    database: join(directory, ".data", "playground.db"),
    process: child,
    stored: () => stored(directory),
    restart: async (signal) => {
      await end(signal);
      return launch([program, ...args], directory, variables, stored);
    },
    close: async () => {
      await end("SIGKILL");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function onServer(server: S3Server): Place {
  return { name: server.name, open: () => bucketOn(server) };
}

/** A new bucket: the variables that lead to it, and its keys. */
export async function bucketOn(
  server: S3Server,
): Promise<{ readonly variables: Record<string, string>; stored(): Promise<string[]> }> {
  const bucket = await freshBucket(server);
  const variables = {
    STORAGE_BACKEND: "s3",
    STORAGE_S3_BUCKET: bucket,
    STORAGE_S3_REGION: server.region,
    STORAGE_S3_ENDPOINT_URL: server.endpoint,
    STORAGE_S3_ACCESS_KEY: server.accessKeyId,
    STORAGE_S3_SECRET_KEY: server.secretAccessKey,
  };
  return { variables, stored: () => keysIn(server, bucket) };
}

async function keysIn(server: S3Server, bucket: string): Promise<string[]> {
  const xml = await (await signed(server, "GET", `${bucket}?encoding-type=url&list-type=2`)).text();
  return [...xml.matchAll(/<Key>(.*?)<\/Key>/g)]
    .map(([, key = ""]) => decodeURIComponent(key.replaceAll("+", " ")))
    .sort();
}

/** Files that an upload has not finished yet or that belong to the driver begin with a dot: they are no objects. */
async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name).slice(directory.length + 1))
    .filter((path) => !path.split("/").some((segment) => segment.startsWith(".")))
    .sort();
}
