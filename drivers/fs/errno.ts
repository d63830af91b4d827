/** What the system's error codes mean for a storage call. */
import type { ErrorCode } from "../../src/error.ts";
import { messageOf, StorageError } from "../../src/error.ts";
import { refusal } from "./refusal.ts";

/** The code of a system error, such as `ENOENT`; undefined for any other error. Its class does not tell, which inside Jest is another one. */
export function errnoOf(error: unknown): string | undefined {
  if (StorageError.is(error) || typeof error !== "object" || error === null || !("code" in error)) return undefined;
  if (typeof error.code !== "string") return undefined;
  return UNNAMED[error.code] ?? error.code;
}

/** Whether a system error has one of these codes. */
export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(errnoOf(error) ?? "");
}

/** What is said of a file on NFS that another machine has replaced or removed. */
const STALE = "ESTALE";

/** Codes that Node has no names for. Linux has other numbers for them than the rest. */
const NUMBERS = process.platform === "linux" ? { [STALE]: 116, EDQUOT: 122 } : { [STALE]: 70, EDQUOT: 69 };
const UNNAMED: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(NUMBERS).map(([name, number]) => [`Unknown system error -${number}`, name]),
);

/** The error of a read of an open file: some programs behind mounts call one absent that was replaced or removed meanwhile, where NFS says ESTALE. */
export function staleIfAbsent(error: unknown): unknown {
  if (!isErrno(error, "ENOENT")) return error;
  return Object.assign(new Error("an open file is gone", { cause: error }), { code: STALE });
}

/** Whether a network file system has lost a file while it was used, so that a new look tells what is there now. */
export function isStale(error: unknown): boolean {
  return isErrno(StorageError.is(error) ? error.cause : error, STALE);
}

/**
 * Whether a system error says that there is no such file: also where a file stands on the way (ENOTDIR), the name is too long to exist, or
 * links run in circles.
 */
export function isAbsent(error: unknown): boolean {
  if (isErrno(error, "ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP")) return true;
  // Windows says EINVAL or ENOENT for a name that it cannot have.
  return process.platform === "win32" && isErrno(error, "EINVAL");
}

/** Resolves with null when a system call says that there is no such file. */
export async function orAbsent<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/**
 * Whether a folder that may not be read is the file system's own: where the base is a volume of its own, ext keeps one in it for files that a
 * repair finds, which belongs to root.
 */
export function isKeptBack(folder: string, error: unknown): boolean {
  return folder === "lost+found" && isErrno(error, "EACCES");
}

/** What a mount says whose server or program is gone, or does not answer. Whether a call has changed something, nobody knows then. */
const UNREACHED = ["ENOTCONN", "ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EHOSTDOWN", "EHOSTUNREACH", "ETIMEDOUT"];
const UNREACHED_MEANING = [
  "unavailable",
  "the server or program behind this mount has ended or does not answer; look whether it runs, and mount it again if not",
] as const;

/** Whether a call may have had its effect though it failed; `asked` says whether another machine or program was asked for it. */
export function mayHaveDone(error: unknown, asked: boolean): boolean {
  return isErrno(error, ...UNREACHED) || (asked && isErrno(error, "EIO", "EREMOTEIO"));
}

const UNSUPPORTED = ["unsupported", "this file system cannot do that"] as const;

const MEANING: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  EACCES: ["denied", "the process may not do this here; check owner and mode of the folder"],
  EPERM: [
    "denied",
    "the system does not permit this here; check owner, mode and attributes of the folder, on Windows also whether a program holds the file",
  ],
  ERR_ACCESS_DENIED: [
    "denied",
    "the runtime's permissions forbid this; Node's permission model forbids all flushes (fsync), which `durable: false` does without",
  ],
  EROFS: ["denied", "the file system is mounted read-only"],
  EMFILE: ["unavailable", "the process has too many files open; raise its limit or do less at once"],
  ENFILE: ["unavailable", "the system has too many files open"],
  EBUSY: ["unavailable", "another program holds the file"],
  [STALE]: [
    "unavailable",
    "the file was replaced or removed meanwhile, by another machine or behind a mount; read it again",
  ],
  EAGAIN: ["unavailable", "the system is short of resources"],
  ...Object.fromEntries(UNREACHED.map((code) => [code, UNREACHED_MEANING])),
  ...Object.fromEntries(
    ["ENOSYS", "ENOTSUP", "EOPNOTSUPP", "ERR_UNSUPPORTED_OPERATION"].map((code) => [code, UNSUPPORTED]),
  ),
  ENOENT: [
    "unknown",
    "what this call was using is gone: another program has removed it, or a process whose clock is a day ahead, or a link leads nowhere",
  ],
  EIO: ["unknown", "the disk failed, or what is behind this mount; the system's log, or that of the mount, tells more"],
  EXDEV: [
    "unsupported",
    "a folder below the base is a mount of its own, which no rename can cross; use it as a base of its own",
  ],
  ENAMETOOLONG: ["unsupported", "the path is longer than this system allows; use a shorter base or key"],
};

/** Full disks are not retryable: the next attempt finds them as full. */
const FULL: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; nothing was stored",
  EDQUOT: "the disk quota is used up; nothing was stored",
  EFBIG: "the file is larger than the file system or the process limit allows; nothing was stored",
};

/** A system error as a {@link StorageError}; any other error as it is. `at` is the path of the object. */
export function fromErrno(error: unknown, at?: string): unknown {
  const code = errnoOf(error);
  // Deno's, which has no code and tells which right to give.
  if ((error as Partial<Error> | null | undefined)?.name === "NotCapable")
    return new StorageError("denied", messageOf(error), { cause: error });
  if (code === undefined) return error;
  const full = FULL[code];
  if (full !== undefined)
    return new StorageError("unavailable", `${full} (${code})`, { cause: error, retryable: false });
  const [meaning, usual] = MEANING[code] ?? ["unknown" as const, "the file system failed"];
  const text = (isErrno(error, "EACCES", "EPERM", "ERR_ACCESS_DENIED") && refusal(error as Error, at)) || usual;
  return new StorageError(meaning, `${text} (${code})`, { cause: error });
}

/** Runs work on the disk; a system error rejects as a {@link StorageError}. `at` gives the path of the object. */
export async function onDisk<T>(work: () => Promise<T>, at?: () => string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fromErrno(error, at?.());
  }
}

/** Whether a system error says that descriptors have run out. */
export function isOutOfDescriptors(error: unknown): boolean {
  return isErrno(error, "EMFILE", "ENFILE");
}
