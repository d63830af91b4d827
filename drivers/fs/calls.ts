/** Calls on names that each write makes: as those of `node:fs/promises`, at half of their price. */
import * as fs from "node:fs";

/** A call with a callback as a promise. */
export function settled<T = void>(
  begin: (done: (error: NodeJS.ErrnoException | null, value?: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    begin((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}

/** Gives a file another name, in place of what has it. */
export function rename(from: string, to: string): Promise<void> {
  return settled((done) => fs.rename(from, to, done));
}

/** Makes a symbolic link with a text, unless the name is taken. */
export function symlink(text: string, path: string): Promise<void> {
  return settled((done) => fs.symlink(text, path, done));
}

/** Removes a name. */
export function unlink(path: string): Promise<void> {
  return settled((done) => fs.unlink(path, done));
}

/** Sets both times of a file, in seconds or as dates. */
export function utimes(path: string, time: number | Date): Promise<void> {
  return settled((done) => fs.utimes(path, time, time, done));
}
