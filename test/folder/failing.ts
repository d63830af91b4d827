/** Calls of the file system that fail when they are told to: those that are made while a verb runs, counted. */
import type * as Fs from "node:fs";
import type * as FsPromises from "node:fs/promises";

/** What fails of the calls of one verb. */
export interface Fault {
  /** As `EIO`. */
  readonly code: string;
  /** The first call that fails, from 0 on. */
  readonly from: number;
  /** Whether all later ones fail, too. */
  readonly lasting?: boolean;
  /** The calls that count, and may fail, by name: those on open files begin with `handle.`. Default: all. */
  readonly among?: ReadonlySet<string>;
}

/** Calls that take a descriptor. */
export const OPENS: ReadonlySet<string> = new Set(["open", "readdir", "readFile", "copyFile"]);

/** Calls that take room on the disk, or tell of it when others have. */
export const FILLS: ReadonlySet<string> = new Set([
  ...["open", "mkdir", "link", "symlink", "rename", "copyFile", "utimes"],
  ...["handle.write", "handle.writeFile", "handle.sync", "handle.close"],
]);

let now: (Fault & { readonly calls: string[] }) | undefined;

/** Runs a verb whose calls fail; gives the names of those that were counted. */
export async function failing(fault: Fault, verb: () => Promise<unknown>): Promise<readonly string[]> {
  const calls: string[] = [];
  now = { ...fault, calls };
  try {
    await verb();
  } finally {
    now = undefined;
  }
  return calls;
}

function meet(name: string): void {
  if (!now || now.among?.has(name) === false) return;
  const at = now.calls.push(name) - 1;
  if (now.lasting ? at >= now.from : at === now.from)
    throw Object.assign(new Error(`injected at call ${at}, ${name}`), { code: now.code });
}

type Call = (...args: unknown[]) => unknown;

/** A close that fails has closed all the same. */
function spoilt(name: string, call: Call): Call {
  return async (...args) => {
    if (name !== "handle.close") meet(name);
    const result = await call(...args);
    if (name === "handle.close") meet(name);
    return result;
  };
}

const ON_NAMES = [
  ...["chmod", "copyFile", "link", "lstat", "lutimes", "mkdir", "open", "readdir", "readFile", "readlink", "realpath"],
  ...["rename", "rmdir", "stat", "statfs", "symlink", "unlink", "utimes"],
];
const ON_FILES = ["close", "read", "readFile", "stat", "write", "writeFile", "writev"];

/** For `vi.mock` of `node:fs/promises`. */
export function spoiltPromises(fs: typeof FsPromises): typeof FsPromises {
  const calls = fs as unknown as Record<string, Call>;
  const all = Object.fromEntries(ON_NAMES.map((name) => [name, spoilt(name, calls[name] as Call)]));
  const open: Call = async (...args) => {
    const handle = (await all["open"]?.(...args)) as Record<string, Call>;
    for (const name of ON_FILES) handle[name] = spoilt(`handle.${name}`, (handle[name] as Call).bind(handle));
    return handle;
  };
  return { ...fs, ...all, open } as typeof FsPromises;
}

/** By what the calls of `node:fs` on open files are called there. */
const NAMES: Readonly<Record<string, string>> = {
  close: "handle.close",
  closeSync: "handle.close",
  fstat: "handle.stat",
  fstatSync: "handle.stat",
  fsync: "handle.sync",
  openSync: "open",
  read: "handle.read",
  renameSync: "rename",
  symlinkSync: "symlink",
  unlinkSync: "unlink",
  utimesSync: "utimes",
  write: "handle.write",
  writeSync: "handle.write",
};
const WITH_CALLBACKS = ["close", "fstat", "fsync", "lstat", "open", "read", "rename", "symlink", "unlink", "utimes"];
const AT_ONCE = [
  ...["closeSync", "fstatSync", "lstatSync", "openSync", "readlinkSync", "realpathSync"],
  ...["renameSync", "symlinkSync", "unlinkSync", "utimesSync", "writeSync"],
];

/** What a flush does: nothing by default, since no power is cut here. */
export const disk = { flush: async (_fd: number): Promise<void> => {} };

/** For `vi.mock` of `node:fs`. */
export function spoiltCalls(fs: typeof Fs): typeof Fs {
  const calls: Record<string, Call> = { ...(fs as unknown as Record<string, Call>), fsync: flush as Call };
  const later = [...WITH_CALLBACKS, "write"].map((name): [string, Call] => {
    const call = spoilt(NAMES[name] ?? name, (...args) => promised(calls[name] as Call, args));
    return [
      name,
      (...args) => {
        const done = args.pop() as Done;
        void (call(...args) as Promise<unknown>).then((value) => done(null, value), done);
      },
    ];
  });
  const atOnce = AT_ONCE.map((name): [string, Call] => {
    const call = calls[name] as Call & { readonly native?: Call };
    return [
      name,
      Object.assign(
        spoiltAtOnce(NAMES[name] ?? name, call),
        call.native && { native: spoiltAtOnce(name, call.native) },
      ),
    ];
  });
  return { ...fs, ...Object.fromEntries([...later, ...atOnce]) } as typeof Fs;
}

type Done = (error: unknown, value?: unknown) => void;

function flush(fd: number, done: Done): void {
  disk.flush(fd).then(() => setImmediate(done, null), done);
}

function promised(call: Call, args: readonly unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    call(...args, (error: unknown, value: unknown) => (error ? reject(error as Error) : resolve(value)));
  });
}

function spoiltAtOnce(name: string, call: Call): Call {
  return (...args) => {
    if (name !== "handle.close") meet(name);
    const result = call(...args);
    if (name === "handle.close") meet(name);
    return result;
  };
}
