/** What a command line has too much: a mistyped option must not be passed over. */
import type { ArgsDef } from "citty";

/** Rejects an option that a command does not have, or one argument too many. */
export function refuseUnknown(
  command: string,
  args: ArgsDef,
  positional: readonly string[],
  rawArgs: readonly string[],
): void {
  const options = Object.entries(args).filter(([, { type }]) => type !== "positional");
  const negated = options.flatMap(([name, { default: by }]) => (by === true ? [`--no-${name}`] : []));
  const known = [...options.flatMap(([name]) => typed(name)), ...negated];
  const places = Object.values(args).filter(({ type }) => type === "positional").length;
  // Options first: the value of a mistyped one counts as positional.
  const unknown = rawArgs.find((arg) => arg.startsWith("-") && !known.includes(nameOf(arg))) ?? positional[places];
  if (unknown !== undefined) throw new Error(`${nameOf(unknown)} is unknown here: see "unbucket ${command} --help"`);
  // citty takes all values but "false" for true, and forgets one of a negated option.
  const switches = options.flatMap(([name, { type }]) => (type === "boolean" ? typed(name) : []));
  const unsure = rawArgs.find((arg) =>
    negated.includes(nameOf(arg))
      ? arg.includes("=")
      : switches.includes(nameOf(arg)) && !/^[^=]+(=true|=false)?$/.test(arg),
  );
  if (unsure !== undefined) throw new Error(`${unsure}: is a switch; leave out its value`);
}

/** An option as it is typed: citty takes `--accessKey` for `--access-key` too. */
function typed(name: string): string[] {
  return [`--${name}`, `--${name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}`];
}

function nameOf(arg: string): string {
  return arg.replace(/=.*/s, "");
}
