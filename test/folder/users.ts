/** Processes of other users on one folder. Root alone may become somebody else: without that right all of them are the user who runs the tests. */
import { chmod } from "node:fs/promises";
import { dirname } from "node:path";
import { bundle, run } from "../drivers/fs/child.ts";

/** Whether the processes are those of other users. */
export const isRoot: boolean = process.getuid?.() === 0;

/** A group that both users have besides their own. */
export const COMMON = 64_310;

/** A user, by number: none of a system's, so that nothing needs to be made. */
export interface User {
  readonly uid: number;
  readonly groups: readonly number[];
  readonly umask: number;
}

export const WWW: User = { uid: 64_301, groups: [COMMON], umask: 0o022 };
export const DEPLOY: User = { uid: 64_302, groups: [COMMON], umask: 0o022 };
/** Has no group in common with the others. */
export const STRANGER: User = { uid: 64_303, groups: [], umask: 0o022 };

const CODE = `
  const [user, options, calls] = args.map((text) => JSON.parse(text));
  if (user) {
    process.umask(user.umask);
    if (process.getuid() === 0) {
      process.setgroups(user.groups);
      process.setgid(user.uid);
      process.setuid(user.uid);
    }
  }
  const store = fs({ base, ...options });
  const verbs = {
    text: async (key) => (await store.download(key)).text(),
    keys: async () => {
      const keys = [];
      for await (const { key } of store.list()) keys.push(key);
      return keys;
    },
    metadata: async (key) => (await store.head(key))?.metadata ?? null,
    append: (key, text) => store.update(key, async (current) => (await current?.text()) + text),
    watched: async () => (await store.watch(() => {}))(),
  };
  const told = [];
  for (const [verb, ...given] of calls) {
    try {
      const found = await (verbs[verb] ?? store[verb])(...given);
      told.push(typeof found === "object" && found !== null && "etag" in found ? found.etag : (found ?? null));
    } catch ({ code, message }) {
      told.push({ code, message });
    }
  }
  console.log(JSON.stringify(told));
`;

/** Makes calls as a user, or as the one who runs the tests; gives what each gave: of an object its ETag, of a failure its code and message. */
export type As = (
  user: User | null,
  base: string,
  options: object,
  ...calls: readonly unknown[][]
) => Promise<unknown[]>;

/** Bundles the driver where all users may read it. The processes are started by a command, if one is given. */
export async function users(...starter: readonly string[]): Promise<As> {
  const code = await bundle(CODE);
  await chmod(dirname(code), 0o755);
  return async (user, base, options, ...calls) => {
    const [command, ...args] = [
      ...starter,
      process.execPath,
      code,
      base,
      ...[user, options, calls].map((given) => JSON.stringify(given)),
    ];
    const { out } = await run(command as string, args).ended;
    return JSON.parse(out) as unknown[];
  };
}
