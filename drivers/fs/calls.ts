/** Calls that each write makes, as those of `node:fs/promises` at half their price. */
import * as fs from "node:fs";
// Not the one that test runners replace, and jsdom lacks.
import { setImmediate } from "node:timers";

/**
 * Whether a file system answers without asking another machine or program. `memory` when all that it holds lies there, so that no call on a
 * small file waits.
 */
export type Local = boolean | "memory";

type Name =
  | "close"
  | "fchmod"
  | "fchown"
  | "fstat"
  | "fsync"
  | "lstat"
  | "open"
  | "read"
  | "rename"
  | "stat"
  | "symlink"
  | "unlink"
  | "utimes"
  | "write";
type Call<T> = (...args: readonly unknown[]) => T;

/** A call of `node:fs`. Where it waits for nothing it is made at once, which costs less than telling a thread of it. */
export async function call<T = void>(atOnce: boolean, name: Name, ...args: readonly unknown[]): Promise<T> {
  if (atOnce) return (fs[`${name}Sync`] as Call<T>)(...args);
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, value: T): void => (error ? reject(error) : resolve(value));
    (fs[name] as Call<void>)(...args, done);
  });
}

/** Lets other work of the process go first where the calls that follow are all made at once. */
export async function turn(local: Local): Promise<void> {
  if (local === "memory") await new Promise(setImmediate);
}

/** Gives a file another name, in place of what has it. */
export function rename(from: string, to: string, local?: Local): Promise<void> {
  return call(local === "memory", "rename", from, to);
}

/** Makes a symbolic link with a text, unless the name is taken. */
export function symlink(text: string, path: string, local?: Local): Promise<void> {
  return call(local === "memory", "symlink", text, path);
}

/** Removes a name. */
export function unlink(path: string, local?: Local): Promise<void> {
  return call(local === "memory", "unlink", path);
}

/** Sets both times of a file, in seconds or as dates. */
export function utimes(path: string, time: number | Date, local?: Local): Promise<void> {
  return call(local === "memory", "utimes", path, time, time);
}
