/**
 * A disk whose power is cut: what a folder may be found to be at any moment of a run, by what POSIX promises and hardly more. Bytes and time of
 * a file are there when the file was flushed, a name when its folder was; of other names any may be there, and of other files all, nothing, the
 * first half, or zeros. Both halves of a rename are taken to be one, as all file systems in use do; most keep more: `fsync(2)`, and Pillai et al., "All File
 * Systems Are Not Created Equal", OSDI 2014. Modes are not followed, nor claims, which may be waited for half a minute after a cut.
 */
import type * as Fs from "node:fs";
import type * as FsPromises from "node:fs/promises";
import { join } from "node:path";
import { chance } from "../support/chance.ts";

/** A file as the disk may have it. */
interface Content {
  readonly bytes: Uint8Array;
  /** As it was set; undefined while it is the system's own. */
  readonly time: number | Date | undefined;
}

const EMPTY: Content = { bytes: new Uint8Array(), time: undefined };

class File {
  now: Content = EMPTY;
  kept: Content = EMPTY;
}

class Folder {
  /** All that a name has stood for, in turn. */
  readonly names: Map<string, { readonly step: Step; readonly node: Node | null }[]> = new Map();
}

type Node = File | Folder;

/** A change of names that is done or not. */
interface Step {
  isKept: boolean;
}

/** What a power cut leaves: files by path, and folders as null. */
export type Remains = ReadonlyMap<string, Content | null>;

/** A power cut: what it leaves, and what may be found in that. */
export interface Cut<T> {
  readonly remains: Remains;
  readonly allowed: T;
}

/** Follows the calls on one folder, which is empty at first. */
export class Disk<T> {
  readonly #base: string;
  readonly #root: Folder = new Folder();
  readonly #open = new Map<number, Node>();
  readonly #random: () => number;
  readonly #allowed: () => T;
  readonly #most: number;
  readonly #cuts = new Map<string, Cut<T>>();

  /** `allowed` says what may be found if the power is cut now; of each moment `most` ways to cut it are looked at. */
  constructor(base: string, allowed: () => T, seed: number = 1, most: number = Infinity) {
    this.#base = base;
    this.#allowed = allowed;
    this.#random = chance(seed);
    this.#most = most;
  }

  /** All that was seen to be possible since the last time. */
  cuts(): readonly Cut<T>[] {
    const all = [...this.#cuts.values()];
    this.#cuts.clear();
    return all;
  }

  /** The folder and the name of a path; null elsewhere, and for claims. */
  place(path: string): readonly [Folder, string] | null {
    const held = /^\/proc\/self\/fd\/\d+/.exec(path)?.[0];
    const at = held ? real.readlinkSync(held) + path.slice(held.length) : path;
    if (!at.startsWith(`${this.#base}/`) || at.includes(".claim")) return null;
    const segments = at.slice(this.#base.length + 1).split("/");
    const name = segments.pop() as string;
    let folder = this.#root;
    for (const segment of segments) {
      const next = this.#now(folder, segment);
      if (!(next instanceof Folder)) return null;
      folder = next;
    }
    return [folder, name];
  }

  at(path: string): Node | null {
    if (path === this.#base) return this.#root;
    const place = this.place(path);
    return place && this.#now(...place);
  }

  #now(folder: Folder, name: string): Node | null {
    return folder.names.get(name)?.at(-1)?.node ?? null;
  }

  /** Names change, all in one step. */
  change(...changes: (readonly [place: ReturnType<Disk<unknown>["place"]>, node: Node | null])[]): void {
    const step: Step = { isKept: false };
    for (const [place, node] of changes) {
      if (!place) continue;
      const [{ names }, name] = place;
      names.set(name, [...(names.get(name) ?? []), { step, node }]);
    }
    this.cut();
  }

  opened(fd: number, path: string, makes: boolean): void {
    const place = this.place(path);
    if (makes && place) this.change([place, new File()]);
    const node = this.at(path);
    if (node) this.#open.set(fd, node);
    else this.#open.delete(fd);
  }

  fileOf(fd: number): File | null {
    const node = this.#open.get(fd);
    return node instanceof File ? node : null;
  }

  /** Begins a flush; what is given ends it. Of what is done meanwhile it promises nothing. */
  flush(fd: number): () => void {
    const node = this.#open.get(fd);
    if (node instanceof File) {
      const { now } = node;
      return () => void (node.kept = now);
    }
    const steps = [...(node?.names.values() ?? [])].flat().map(({ step }) => step);
    return () => steps.forEach((step) => (step.isKept = true));
  }

  /** All that was done so far has come to the disk, as it does after a while. */
  settle(folder: Folder = this.#root): void {
    for (const { step, node } of [...folder.names.values()].flat()) {
      step.isKept = true;
      if (node instanceof Folder) this.settle(node);
      else if (node) node.kept = node.now;
    }
  }

  /** What the disk may have if the power is cut now. */
  cut(): void {
    const [steps, files] = this.#pending();
    const allowed = this.#allowed();
    const told = JSON.stringify(allowed);
    const add = (has: (step: Step) => boolean, of: (file: File) => Content): void => {
      const remains = new Map<string, Content | null>();
      gather(this.#root, "", (step) => step.isKept || has(step), of, remains);
      const text = JSON.stringify([...remains].map(([path, file]) => [path, file && [...file.bytes], file?.time]));
      this.#cuts.set(`${told}${text}`, { remains, allowed });
    };
    const ways = [(file: File) => file.now, (file: File) => file.kept, torn, half] as const;
    const whole = ways.flatMap((way) => [
      () => add(() => true, way),
      () => add(() => false, way),
      ...steps.flatMap((one) => [() => add((step) => step === one, way), () => add((step) => step !== one, way)]),
    ]);
    const some = Array.from({ length: 2 ** Math.min(steps.length + files.length, 6) }, () => () => {
      const as = new Map(files.map((file) => [file, this.#one(ways)(file)]));
      const done = new Set(steps.filter(() => this.#random() < 0.5));
      add(
        (step) => done.has(step),
        (file) => as.get(file) ?? file.now,
      );
    });
    const all = [...whole, ...some];
    if (all.length <= this.#most) for (const each of all) each();
    else for (let n = 0; n < this.#most; n++) this.#one(all)();
  }

  #one<U>(of: readonly U[]): U {
    return of[Math.floor(this.#random() * of.length)] as U;
  }

  /** What is not on the disk yet. */
  #pending(): readonly [Step[], File[]] {
    const steps = new Set<Step>();
    const files = new Set<File>();
    const look = (folder: Folder): void => {
      for (const { step, node } of [...folder.names.values()].flat()) {
        if (!step.isKept) steps.add(step);
        if (node instanceof Folder) look(node);
        else if (node && node.kept !== node.now) files.add(node);
      }
    };
    look(this.#root);
    return [[...steps], [...files]];
  }
}

/** The length of a file has come to the disk, and its bytes have not. */
function torn({ now, kept }: File): Content {
  return now === kept ? now : { ...now, bytes: new Uint8Array(now.bytes.length) };
}

/** The first half of its bytes has come to the disk. */
function half({ now, kept }: File): Content {
  return now === kept ? now : { ...now, bytes: now.bytes.subarray(0, now.bytes.length / 2) };
}

function gather(
  folder: Folder,
  above: string,
  has: (step: Step) => boolean,
  of: (file: File) => Content,
  to: Map<string, Content | null>,
): void {
  for (const [name, changes] of folder.names) {
    const node = changes.findLast(({ step }) => has(step))?.node;
    if (!node) continue;
    const path = join(above, name);
    to.set(path, node instanceof File ? of(node) : null);
    if (node instanceof Folder) gather(node, path, has, of, to);
  }
}

/** The real one: imported here, it would wait for its own mock. */
let real: typeof Fs;
let disk: Disk<unknown> | undefined;

/** Runs with every call followed. */
export async function followed(on: Disk<unknown>, run: () => Promise<unknown>): Promise<void> {
  disk = on;
  try {
    await run();
  } finally {
    disk = undefined;
  }
}

type Args = readonly unknown[];

/** What is done to the disk by a call that has succeeded; what it needs to know before is looked up first. */
type Follow = (on: Disk<unknown>, args: Args) => ((result: unknown) => void) | void;

const follow: Readonly<Record<string, Follow>> = {
  open:
    (on, [path, flags]) =>
    (result) => {
      const fd = typeof result === "number" ? result : (result as { readonly fd: number }).fd;
      on.opened(fd, path as string, flags === "wx");
    },
  write: (on, [fd, bytes, from, length]) => {
    const file = on.fileOf(fd as number);
    const piece = (bytes as Uint8Array).slice(from as number, (from as number) + (length as number));
    return (count) => void (file && append(file, piece.subarray(0, count as number)));
  },
  utimes: (on, [path, time]) => {
    const node = on.at(path as string);
    return () => void (node instanceof File && (node.now = { ...node.now, time: time as number | Date }));
  },
  rename: (on, [from, to]) => {
    const [old, place, node] = [on.place(from as string), on.place(to as string), on.at(from as string)];
    return () => on.change([place, node], [old, null]);
  },
  link: (on, [from, to]) => {
    const [place, node] = [on.place(to as string), on.at(from as string)];
    return () => on.change([place, node]);
  },
  copyFile: (on, [from, to]) => {
    const [place, node] = [on.place(to as string), on.at(from as string)];
    return () => {
      const copy = new File();
      if (node instanceof File) copy.now = { ...node.now, time: undefined };
      on.change([place, copy]);
    };
  },
  mkdir: (on, [path]) => {
    const place = on.place(path as string);
    return () => on.change([place, new Folder()]);
  },
  unlink: (on, [path]) => removing(on, path as string),
  rmdir: (on, [path]) => removing(on, path as string),
};

function removing(on: Disk<unknown>, path: string): () => void {
  const place = on.place(path);
  return () => on.change([place, null]);
}

function append(file: File, piece: Uint8Array): void {
  file.now = { ...file.now, bytes: Uint8Array.from([...file.now.bytes, ...piece]) };
}

type Call = (...args: unknown[]) => unknown;
type Done = (error: unknown, value?: unknown) => void;

/** For `vi.mock` of `node:fs`. No flush waits for the real disk, and calls that are followed are made at once, so that they are in the order of the system. */
export function followedCalls(fs: typeof Fs): typeof Fs {
  real = fs;
  const all: Record<string, Call> = {};
  for (const name of ["open", "write", "utimes", "rename", "unlink"]) {
    all[`${name}Sync`] = (...args) => made(name, args);
    all[name] = (...args) => {
      if (!disk) return atLeisure(name, args);
      const done = args.pop() as Done;
      try {
        setImmediate(done, null, made(name, args));
      } catch (error) {
        setImmediate(done, error);
      }
    };
  }
  all["fsync"] = (fd, done) => void flushed(disk, fd as number).then(() => (done as Done)(null));
  all["fsyncSync"] = () => {};
  return { ...fs, ...all } as typeof Fs;
}

/** Flushes; others can do something meanwhile. */
async function flushed(on: Disk<unknown> | undefined, fd: number): Promise<void> {
  const end = on?.flush(fd);
  if (!end) return;
  await new Promise((resolve) => setTimeout(resolve, 3));
  end();
}

function atLeisure(name: string, args: Args): unknown {
  return (real as unknown as Record<string, Call>)[name]?.(...args);
}

/** Makes a call at once, and follows it. */
function made(name: string, args: Args): unknown {
  const end = disk && follow[name]?.(disk, args);
  const value = atLeisure(`${name}Sync`, args);
  end?.(value);
  return value;
}

/** For `vi.mock` of `node:fs/promises`. */
export function followedPromises(fs: typeof FsPromises): typeof FsPromises {
  const calls = fs as unknown as Record<string, Call>;
  const all: Record<string, Call> = {};
  for (const name of ["rename", "link", "copyFile", "mkdir", "unlink", "rmdir"])
    all[name] = async (...args) => (disk ? made(name, args) : (calls[name] as Call)(...args));
  all["open"] = async (...args) => {
    const on = disk;
    const handle = (await (calls["open"] as Call)(...args)) as FsPromises.FileHandle;
    if (on) {
      follow["open"]?.(on, args)?.(handle);
      followHandle(on, handle);
    }
    return handle;
  };
  return { ...fs, ...all } as typeof FsPromises;
}

/** The version's file and claims are written so. */
function followHandle(on: Disk<unknown>, handle: FsPromises.FileHandle): void {
  const write = handle.writeFile.bind(handle);
  const file = on.fileOf(handle.fd);
  handle.writeFile = async (text) => {
    await write(text as string);
    if (file) append(file, new TextEncoder().encode(text as string));
  };
  handle.sync = () => flushed(on, handle.fd);
}
