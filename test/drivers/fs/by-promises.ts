/** The driver's calls as those of `node:fs/promises`, which a test may have spoilt: for `vi.mock` of `drivers/fs/calls.ts`. */
import * as calls from "node:fs";
import * as fs from "node:fs/promises";
import type * as Calls from "../../../drivers/fs/calls.ts";

export const rename: typeof Calls.rename = (from, to) => fs.rename(from, to);
export const symlink: typeof Calls.symlink = (text, path) => fs.symlink(text, path);
export const unlink: typeof Calls.unlink = (path) => fs.unlink(path);
export const utimes: typeof Calls.utimes = (path, time) => fs.utimes(path, time, time);

export const call: typeof Calls.call = (_, name, ...args) =>
  new Promise((resolve, reject) => {
    const done = (error: Error | null, value: never): void => (error ? reject(error) : resolve(value));
    (calls[name] as (...args: readonly unknown[]) => void)(...args, done);
  });

export const turn = async (): Promise<void> => {};
