/** What a case asks of the lab, and what the lab tells: plain data, over one small HTTP endpoint. */
import type { Rule } from "./proxy/rules.ts";
import type { Logged } from "./proxy.ts";
import type { Switches } from "./stub/world.ts";

/** Where the lab is, and whose requests it takes. */
export interface LabAddress {
  /** Where a case speaks to the lab. */
  readonly control: string;
  /** The store, through the proxy. */
  readonly url: string;
  /** The same by an IPv6 address. */
  readonly ipv6: string;
  /** A host that no request may reach. */
  readonly canary: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** How a bucket is to be; what is absent stays as it is. */
export interface Wish {
  /** Replaces all rules, and begins the log anew. */
  readonly rules?: readonly Rule[];
  /** Replaces those that are named, and counts requests and pages anew. */
  readonly switches?: Switches;
  /** Objects by key, as text. */
  readonly objects?: Readonly<Record<string, string>>;
  /** Objects by key, in base64. */
  readonly noise?: Readonly<Record<string, string>>;
}

/** An object in the store. */
export interface SeenObject {
  readonly size: number;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The first 4 KiB. */
  readonly text: string;
}

/** What became of a bucket. */
export interface Seen {
  readonly log: readonly Logged[];
  readonly objects: Readonly<Record<string, SeenObject>>;
  readonly uploads: readonly { readonly id: string; readonly key: string; readonly parts: readonly number[] }[];
  /** What the host that no request may reach was sent about this bucket. */
  readonly canary: readonly string[];
}
