/** Refuses what a command does not know: citty ignores mistyped options. */
import type { ArgsDef } from "citty";

/** Throws for an unknown option, an argument too many, or a switch with a value. */
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
  // Options first, since the value of a mistyped one counts as positional.
  const unknown = rawArgs.find((arg) => arg.startsWith("-") && !known.includes(nameOf(arg))) ?? positional[places];
  if (unknown !== undefined) throw new Error(`${nameOf(unknown)} is unknown here: see "unbucket ${command} --help"`);
  // citty reads any value of a switch except "false" as true, and ignores that of a negated one.
  const switches = options.flatMap(([name, { type }]) => (type === "boolean" ? typed(name) : []));
  const unsure = rawArgs.find((arg) =>
    negated.includes(nameOf(arg))
      ? arg.includes("=")
      : switches.includes(nameOf(arg)) && !/^[^=]+(=true|=false)?$/.test(arg),
  );
  if (unsure !== undefined) throw new Error(`${unsure}: is a switch; leave out its value`);
}

/** The spellings of an option: citty accepts `--accessKey` for `--access-key` too. */
function typed(name: string): string[] {
  return [`--${name}`, `--${name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}`];
}

function nameOf(arg: string): string {
  return arg.replace(/=.*/s, "");
}
