/** What all lists have in common: the number of entries, names that may be encoded, the owner. */
import type { Markup } from "../s3/xml.ts";
import { encodeRfc3986 } from "../sigv4/encode.ts";
import type { Call } from "./call.ts";
import { Refusal } from "./refusal.ts";

/** The query parameters of a request. */
export type Query = Call["query"];

const MOST = 1000;
const INT_32 = 2 ** 31 - 1;

/** The most entries of a page, 0 to 1000, by this parameter. Default 1000. */
export function limitOf(query: Query, parameter: string): number {
  return Math.min(countOf(query, parameter, MOST), MOST);
}

/** A whole number in a parameter; `absent` is its default. */
export function countOf(query: Query, parameter: string, absent: number): number {
  const text = query.get(parameter) || String(absent);
  if (/^\d{1,10}$/.test(text) && Number(text) <= INT_32) return Number(text);
  throw new Refusal("InvalidArgument", `Provided ${parameter} not an integer or within integer range`);
}

/** Elements with keys or names, encoded if the request asks for it; then preceded by `EncodingType`. */
export function nameOf(query: Query, names: Readonly<Record<string, string>>): Markup[] {
  const type = query.get("encoding-type");
  if (type !== undefined && type !== "url")
    throw new Refusal("InvalidArgument", "Invalid Encoding Method specified in Request");
  const said = Object.entries(names).map(([name, value]): Markup => [name, encoded(query, value)]);
  return type === undefined ? said : [["EncodingType", type], ...said];
}

/** A key or name in the encoding that the request asks for: keys may have characters that XML cannot carry. */
export function encoded(query: Query, name: string): string {
  return query.get("encoding-type") === "url" ? encodeRfc3986(name).replaceAll("%2F", "/") : name;
}

/** The element, or none if there is no value. */
export function optional(query: Query, name: string, value: string | undefined): Markup[] {
  return value ? [[name, encoded(query, value)]] : [];
}

/** Elements that name the owner, which some clients require. */
export function owner(names: readonly string[]): Markup[] {
  return names.map((name) => [
    name,
    [
      ["ID", "unbucket"],
      ["DisplayName", "unbucket"],
    ],
  ]);
}
