/** What the folder driver's tests share: a folder that is removed afterwards, short verbs, seeded keys. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import type { Backend, GetOptions, Key, PutOptions } from "../../../src/backend.ts";
import type { StorageError } from "../../../src/error.ts";
import { parseKey } from "../../../src/key.ts";
import { fsBackend } from "../../../drivers/fs/backend.ts";
import type { FsOptions } from "../../../drivers/fs/options.ts";

export const K: (key: string) => Key = parseKey;

/** Where Linux has a file system in memory; elsewhere the place of all others. */
export const MEMORY: string = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** Makes the rest of a test believe that it runs on this system. */
export function onPlatform(platform: NodeJS.Platform): void {
  const { platform: own } = process;
  onTestFinished(() => void Object.defineProperty(process, "platform", { value: own }));
  Object.defineProperty(process, "platform", { value: platform });
}

/** Has imports see what of Node's modules is replaced, until the test is over. */
export function mocked(): void {
  syncBuiltinESMExports();
  onTestFinished(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });
}

/** An empty folder for one test. */
export async function emptyFolder(place: string = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(place, "unbucket-fs-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Folder {
  readonly base: string;
  readonly store: Backend;
  put(key: string, body: string | Uint8Array, options?: PutOptions): ReturnType<Backend["put"]>;
  /** The object as text, or null. */
  text(key: string, options?: GetOptions): Promise<string | null>;
  keys(prefix?: string): Promise<string[]>;
  /** Every file below the base, relative, sorted. */
  files(): Promise<string[]>;
}

/** A backend on an empty folder. */
export async function folder(options: Partial<FsOptions> = {}): Promise<Folder> {
  const base = options.base ?? (await emptyFolder());
  const store = fsBackend({ durable: false, ...options, base });
  return {
    base,
    store,
    put: (key, body, put = {}) =>
      store.put(K(key), { bytes: typeof body === "string" ? new TextEncoder().encode(body) : body }, put),
    async text(key, get = {}) {
      const object = await store.get(K(key), get);
      return object && new Response(object.body).text();
    },
    keys: (prefix = "") => allKeys(store, prefix),
    files: () => filesBelow(base),
  };
}

/** All keys with a prefix, over pages. */
export async function allKeys(store: Backend, prefix: string, limit = 1000): Promise<string[]> {
  const keys: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list({ prefix, limit, ...(cursor === undefined ? {} : { cursor }) });
    keys.push(...page.objects.map((object) => object.key));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return keys;
}

/** Every file below a folder, relative, sorted. */
export async function filesBelow(base: string): Promise<string[]> {
  const entries = await readdir(base, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(base.length + 1))
    .sort();
}

/** Changes one byte as a disk does that fails: neither time nor size tell of it. */
export async function rot(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] as number) ^ 1;
  // A time that goes through Node loses its nanoseconds.
  const reference = join(await emptyFolder(), "time");
  execFileSync("touch", ["-r", path, reference]);
  await writeFile(path, bytes);
  execFileSync("touch", ["-r", reference, path]);
}

/** What a call rejects with. */
export async function failure(call: Promise<unknown>): Promise<StorageError> {
  return call.then(
    () => {
      throw new Error("the call was to reject");
    },
    (error: StorageError) => error,
  );
}

/** A stream of pieces, with what became of it. */
export function streamOf(pieces: Iterable<Uint8Array>): {
  stream: ReadableStream<Uint8Array>;
  cancelled: () => unknown;
} {
  const iterator = pieces[Symbol.iterator]();
  let reason: unknown;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const next = iterator.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      cancel(why) {
        reason = why ?? "cancelled";
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, cancelled: () => reason };
}

/** Numbers from 0 up to 1 that are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const PARTS = [
  "a",
  "b",
  "B",
  "é",
  "\u0301",
  "😀",
  "\uffff",
  "/",
  "//",
  ".",
  " ",
  ":",
  "*",
  "?",
  "\\",
  "%",
  "%2f",
  "=",
  "~",
  "\u0001",
  "con",
  "NUL",
  ".txt",
  ".unbucket",
  "x".repeat(44),
  "y".repeat(45),
  "z".repeat(200),
];

/** A valid key of ugly parts. */
export function uglyKey(random: () => number): string {
  for (;;) {
    let key = "";
    for (let parts = 1 + Math.floor(random() * 8); parts > 0; parts--)
      key += PARTS[Math.floor(random() * PARTS.length)];
    try {
      return parseKey(key);
    } catch {
      // Too long, or with a dot segment: another one.
    }
  }
}

/** Keys that stores are known to mangle. */
export const UGLY_KEYS: readonly string[] = [
  "space in name",
  "plus+plus",
  "100%",
  "a%2Fb",
  "a%20b",
  ";:@&=$,?#'()*!~",
  "a//b",
  "/leading",
  "trailing/",
  "//",
  "/",
  "a\\b",
  "c:\\x",
  "lone.",
  "lone ",
  " lead",
  "CON",
  "con.txt",
  "aux/x",
  "COM1.log",
  "x:y",
  "a*b",
  "<tag>",
  '"quoted"',
  "pipe|",
  "...",
  "foo..",
  "..foo",
  ".env",
  ".unbucket",
  ".unbucket/x",
  ".UNBUCKET/tmp/y",
  ".unbucket/keys/a=",
  "UNBUCK~1/x",
  ".un\u200cbucket/x",
  "é",
  "e\u0301",
  "File",
  "file",
  "😀",
  "\uffff",
  "\u0001",
  "line\nbreak",
  "tab\t",
  "nul\0byte",
  "{}[]*?",
  "x".repeat(255),
  "x".repeat(256),
  "é".repeat(128),
  "x".repeat(1024),
  "é".repeat(512),
  `${"d/".repeat(511)}ab`,
  "🙂".repeat(256),
  "y".repeat(45),
  "y".repeat(46),
  ":".repeat(45),
  ":".repeat(46),
];
