/** What a command line has too much: a mistyped option must not be passed over. */
import type { ArgsDef } from "citty";

/** Rejects an option that a command does not have, or one argument too many. */
export function refuseUnknown(
  command: string,
  args: ArgsDef,
  positional: readonly string[],
  rawArgs: readonly string[],
): void {
  const known = Object.entries(args).flatMap(([name, { type, ...rest }]) => {
    if (type === "positional") return [];
    // As they are typed: citty takes `--accessKey` for `--access-key` too.
    const typed = [`--${name}`, `--${name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}`];
    return "default" in rest && rest.default === true ? [...typed, `--no-${name}`] : typed;
  });
  const places = Object.values(args).filter(({ type }) => type === "positional").length;
  // Options first: the value of a mistyped one counts as positional.
  const unknown = rawArgs.find((arg) => arg.startsWith("-") && !known.includes(nameOf(arg))) ?? positional[places];
  if (unknown !== undefined) throw new Error(`${nameOf(unknown)} is unknown here: see "unbucket ${command} --help"`);
}

function nameOf(arg: string): string {
  return arg.replace(/=.*/s, "");
}
