/** What all lists have: how many entries, names that may be encoded, and whose all of it is. */
import type { Markup } from "../s3/xml.ts";
import { encodeRfc3986 } from "../sigv4/encode.ts";
import type { Call } from "./call.ts";
import { Refusal } from "./refusal.ts";

/** The parameters of a request. */
export type Query = Call["query"];

const MOST = 1000;
const INT_32 = 2 ** 31 - 1;

/** How many entries a page is to have, 0 to 1000, by the parameter that says it. */
export function limitOf(query: Query, parameter: string): number {
  return Math.min(countOf(query, parameter, MOST), MOST);
}

/** A whole number in a parameter; `absent` where there is none. */
export function countOf(query: Query, parameter: string, absent: number): number {
  const text = query.get(parameter) || String(absent);
  if (/^\d{1,10}$/.test(text) && Number(text) <= INT_32) return Number(text);
  throw new Refusal("InvalidArgument", `Provided ${parameter} not an integer or within integer range`);
}

/** Elements with names, encoded if the request says so, which is said before them. */
export function nameOf(query: Query, names: Readonly<Record<string, string>>): Markup[] {
  const type = query.get("encoding-type");
  if (type !== undefined && type !== "url")
    throw new Refusal("InvalidArgument", "Invalid Encoding Method specified in Request");
  const said = Object.entries(names).map(([name, value]): Markup => [name, encoded(query, value)]);
  return type === undefined ? said : [["EncodingType", type], ...said];
}

/** A name as the request wants it: keys may have characters that no document can hold. */
export function encoded(query: Query, name: string): string {
  return query.get("encoding-type") === "url" ? encodeRfc3986(name).replaceAll("%2F", "/") : name;
}

/** An element with a name that was given, and none for another. */
export function optional(name: string, value: string | undefined, query: Query): Markup[] {
  return value ? [[name, encoded(query, value)]] : [];
}

/** Whose all of this is: some clients ask. */
export function owner(names: readonly string[]): Markup[] {
  return names.map((name) => [
    name,
    [
      ["ID", "unbucket"],
      ["DisplayName", "unbucket"],
    ],
  ]);
}
