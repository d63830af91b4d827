/** Random calls that can be made on several drivers at once: all must say the same. */
import type { Driver } from "../../src/driver.ts";
import type { DownloadOptions, UploadOptions } from "../../src/interface.ts";
import { respond } from "../../src/respond.ts";
import { chance } from "../support/chance.ts";
import { type Call, told } from "./player.ts";

/** Keys that have something to do with each other, or with a file system, a URL, or a header. */
export const KEYS: readonly string[] = [
  "a",
  "a/b",
  "a/b/c",
  "a//b",
  "/a",
  "a/",
  "a.txt",
  "A",
  "a b+c%20&=#.html",
  "é.png",
  "é.png",
  "😀",
  "\uFFFD",
  "a:b",
  "con.json",
  "x?y",
  "back\\slash",
  "trail. ",
  `${"l".repeat(300)}/k`,
];
const INVALID = ["", "a/../b", "\uD800", "l".repeat(1025)];
const PREFIXES = ["", "a", "a/", "a/b", "A", "/", "e", "x/", "l", "\u{1F600}"];

type Metadata = Readonly<Record<string, string>>;
const METADATA: readonly Metadata[] = [
  {},
  { a: "1" },
  { "x-y": "ü € 😀", b: "" },
  { c: "=?UTF-8?B?eA==?=", d: "a  b" },
];

/** What is left out for those that cannot all. */
export interface Traits {
  /** Default: {@link KEYS}, and some that are none. */
  readonly keys?: readonly string[];
  readonly metadata?: readonly Metadata[];
  /** Whether uploads in parts know no conditions and no lists, as by R2's binding. */
  readonly bare?: boolean;
  /** Whether there are object verbs alone. */
  readonly objects?: boolean;
}

/** Calls without end, the same for the same seed. */
export class Script {
  readonly #random: () => number;
  readonly #keys: readonly string[];
  readonly #metadata: readonly Metadata[];
  readonly #bare: boolean;
  readonly #objects: boolean;
  #turn = 0;

  constructor(
    seed: number,
    { keys = [...KEYS, ...INVALID], metadata = METADATA, bare = false, objects = false }: Traits = {},
  ) {
    this.#random = chance(seed);
    this.#keys = keys;
    this.#metadata = metadata;
    this.#bare = bare;
    this.#objects = objects;
  }

  #upTo(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#upTo(of.length)] as T;
  }

  #maybe<T>(odds: number, value: () => T): T | undefined {
    return this.#random() < odds ? value() : undefined;
  }

  next(): Call {
    const turn = ++this.#turn;
    const key = this.#one(this.#keys);
    const verbs = [
      this.#upload,
      this.#upload,
      this.#upload,
      this.#download,
      this.#download,
      this.#respond,
      this.#respond,
      this.#head,
      this.#delete,
      this.#deleteMany,
      this.#deletePrefix,
      this.#list,
      this.#list,
      this.#copy,
      this.#copy,
      this.#move,
      this.#update,
      ...(this.#objects ? [] : [this.#kv, this.#kv]),
      this.#parts,
    ];
    return this.#one(verbs).call(this, turn, key);
  }

  #text(turn: number): string {
    return `${turn} `.repeat(this.#one([0, 1, 1, 7, 500, 40_000]));
  }

  #headers(): UploadOptions {
    const options = {
      contentType: this.#maybe(0.3, () => this.#one(["text/x-a", "image/svg+xml; charset=utf-8", "Application/JSON"])),
      cacheControl: this.#maybe(0.2, () => "no-store, max-age=0"),
      contentDisposition: this.#maybe(0.2, () => `attachment; filename="a b.txt"`),
      contentLanguage: this.#maybe(0.1, () => "de, en"),
      contentEncoding: this.#maybe(0.1, () => "br"),
      metadata: this.#maybe(0.3, () => this.#one(this.#metadata)),
    };
    return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  }

  #upload(turn: number, key: string): Call {
    const text = this.#text(turn);
    const headers = this.#headers();
    const condition = this.#one(["none", "none", "none", "create", "replace", "other"]);
    // Which of two errors comes first is each driver's own.
    const size = this.#maybe(
      0.1,
      () => new TextEncoder().encode(text).length + (condition === "none" ? this.#one([0, 0, 1, -1]) : 0),
    );
    const form = this.#one(["text", "bytes", "stream", "blob"]);
    return {
      says: `${turn} upload ${key} ${form} ${text.length} ${condition} ${size} ${JSON.stringify(headers)}`,
      async run(player) {
        const bytes = new TextEncoder().encode(text);
        const body =
          form === "text"
            ? text
            : form === "bytes"
              ? bytes
              : form === "blob"
                ? new Blob([bytes])
                : new Blob([bytes]).stream();
        const options: UploadOptions = {
          ...headers,
          ...(size !== undefined && { size }),
          ...(condition === "create" && { ifNoneMatch: "*" }),
          ...(condition === "replace" && { ifMatch: await player.etag(key) }),
          ...(condition === "other" && { ifMatch: '"other"' }),
        };
        const info = await player.store.upload(key, body, options);
        return told(info);
      },
    };
  }

  #download(turn: number, key: string): Call {
    const condition = this.#one(["none", "none", "ifMatch", "ifNoneMatch", "both"]);
    const other = this.#random() < 0.3;
    // Whether a range or a condition is refused first, is each server's own.
    const fails = other || condition === "ifNoneMatch" || condition === "both";
    const range = this.#maybe(fails ? 0 : 0.5, () =>
      this.#one<DownloadOptions["range"] & object>([
        { start: 0 },
        { start: 0, end: 0 },
        { start: 2, end: 5 },
        { start: 3 },
        { start: 1, end: 1e9 },
        { start: 100_000_000 },
        { suffix: 3 },
        { suffix: 1e9 },
      ]),
    );
    return {
      says: `${turn} download ${key} ${JSON.stringify(range)} ${condition} ${other}`,
      async run(player) {
        const etag = other ? '"other"' : await player.etag(key);
        const object = await player.store.download(key, {
          ...(range && { range }),
          ...((condition === "ifMatch" || condition === "both") && { ifMatch: etag }),
          ...((condition === "ifNoneMatch" || condition === "both") && { ifNoneMatch: etag }),
        });
        const text = await object.text();
        const { headers } = object;
        return {
          ...told(object),
          ...{ range: object.range, length: object.contentLength, text },
          headers: ["content-length", "content-range", "content-type", "content-disposition"].map((name) =>
            headers.get(name),
          ),
        };
      },
    };
  }

  #respond(turn: number, key: string): Call {
    const method = this.#one(["GET", "GET", "HEAD"]);
    const ranges = ["bytes=0-0", "bytes=2-5", "bytes=-3", "bytes=1-", "bytes=0-0,2-3", "lines=1-2", "bytes=99999999-"];
    const tags = ["own", "own", '"other"', "*", "W/own", '"other", own', "no tag"];
    const given = {
      range: this.#maybe(0.5, () => this.#one(ranges)),
      "if-match": this.#maybe(0.2, () => this.#one(tags)),
      "if-none-match": this.#maybe(0.3, () => this.#one(tags)),
      "if-range": this.#maybe(0.2, () => this.#one(tags)),
    };
    return {
      says: `${turn} respond ${method} ${key} ${JSON.stringify(given)}`,
      async run(player) {
        const own = await player.etag(key);
        const headers = new Headers();
        for (const [name, value] of Object.entries(given)) if (value) headers.set(name, value.replace("own", own));
        const answer = await respond(player.store, key, new Request("http://h/", { method, headers }));
        const sent = [...answer.headers].filter(([name]) => name !== "last-modified");
        const named = sent.map(([name, value]) => [name, value.replace(own, "own")]);
        return [answer.status, named, await answer.text()];
      },
    };
  }

  #head(turn: number, key: string): Call {
    return {
      says: `${turn} head ${key}`,
      async run(player) {
        const info = await player.store.head(key);
        const listed: string[] = [];
        for await (const entry of player.store.list({ prefix: key })) if (entry.key === key) listed.push(entry.etag);
        // Whoever asks, one version has one ETag.
        const opened = info && (await player.store.download(key, { ifMatch: info.etag }));
        await opened?.body.cancel();
        const one = [opened?.etag, ...listed].every((etag) => etag === info?.etag);
        return [info && told(info), await player.store.exists(key), listed.length, one];
      },
    };
  }

  #delete(turn: number, key: string): Call {
    const condition = this.#maybe(0.5, () => this.#one(["*", '"other"', ...(this.#bare ? [] : ["current"])]));
    return {
      says: `${turn} delete ${key} ${condition}`,
      async run(player) {
        const ifMatch = condition === "current" ? await player.etag(key) : condition;
        return player.store.delete(key, { ifMatch });
      },
    };
  }

  #deleteMany(turn: number, key: string): Call {
    const keys = [key, this.#one(this.#keys), this.#one(this.#keys)];
    return { says: `${turn} delete ${keys.join(", ")}`, run: ({ store }) => store.delete(keys) };
  }

  #deletePrefix(turn: number): Call {
    const prefix = this.#one(PREFIXES);
    return { says: `${turn} deletePrefix ${prefix}`, run: ({ store }) => store.deletePrefix(prefix) };
  }

  #list(turn: number): Call {
    const prefix = this.#one([...PREFIXES, "", ""]);
    const delimiter = this.#maybe(0.5, () => "/" as const);
    const limit = this.#one([1, 2, 3, 1000]);
    const startAfter = this.#maybe(0.3, () => this.#one(this.#keys.filter((key) => key.startsWith(prefix))));
    return {
      says: `${turn} list ${prefix} ${delimiter} ${limit} ${startAfter}`,
      async run(player) {
        const pages: unknown[] = [];
        const options = { prefix, limit, startAfter, ...(delimiter && { delimiter }) };
        for await (const { objects, prefixes } of player.store.list(options).pages())
          pages.push([objects.map(({ key, size }) => ({ key, size })), prefixes]);
        return limit === 1000 ? pages : pages.flat(2);
      },
    };
  }

  #copy(turn: number, from: string): Call {
    const to = this.#one(this.#keys);
    const condition = this.#maybe(0.4, () => this.#one(["current", "current", "*", '"other"']));
    const create = this.#maybe(0.3, () => ({ ifNoneMatch: "*" }) as const);
    return {
      says: `${turn} copy ${from} ${to} ${condition} ${!!create}`,
      async run(player) {
        const ifMatch = condition === "current" ? await player.etag(from) : condition;
        const info = await player.store.copy(from, to, { ...create, ...(ifMatch !== undefined && { ifMatch }) });
        return told(info);
      },
    };
  }

  #move(turn: number, from: string): Call {
    const to = this.#one(this.#keys);
    const over = this.#random() < 0.5;
    const create = this.#maybe(0.4, () => ({ ifNoneMatch: "*" }) as const);
    return {
      says: `${turn} move ${from} ${to} ${over} ${!!create}`,
      async run({ store }) {
        // What may be the very object is refused, and times that are cut to seconds leave little to tell by.
        if (from !== to) await (over ? store.upload(to, `over ${turn}`) : store.delete(to));
        return told(await store.move(from, to, create));
      },
    };
  }

  #update(turn: number, key: string): Call {
    const headers = this.#headers();
    const leave = this.#random() < 0.2;
    return {
      says: `${turn} update ${key} ${leave} ${JSON.stringify(headers)}`,
      async run(player) {
        let seen: unknown = null;
        const info = await player.store.update(
          key,
          async (current) => {
            seen = current && [told(current), await current.text()];
            return leave ? undefined : `updated ${turn}`;
          },
          headers,
        );
        return [seen, told(info)];
      },
    };
  }

  #kv(turn: number, key: string): Call {
    const verb = this.#one([
      "setItem",
      "getItem",
      "hasItem",
      "removeItem",
      "getMeta",
      "getKeys",
      "clear",
      "getItemRaw",
    ]);
    const base = this.#one(["", "a", "a:", "A", "x"]);
    const name = key.replaceAll("/", ":");
    return {
      says: `${turn} ${verb} ${name} or ${base}`,
      async run(player) {
        const store = player.store as Driver;
        if (verb === "getKeys") return (await store.getKeys(base, {})).sort();
        if (verb === "clear") return store.clear?.(base, {});
        if (verb === "setItem") {
          await store.setItem?.(name, `${turn}`, {});
        }
        if (verb === "getItem") return store.getItem(name, {});
        if (verb === "hasItem") return store.hasItem(name, {});
        if (verb === "removeItem") return store.removeItem?.(name, {});
        if (verb === "getItemRaw") {
          const raw = (await store.getItemRaw?.(name, {})) as Uint8Array | null;
          return raw && new TextDecoder().decode(raw);
        }
        const meta = await store.getMeta?.(name, {});
        return meta && { ...told(meta), mtime: meta.mtime instanceof Date };
      },
    };
  }

  #parts(turn: number, key: string): Call {
    const headers = this.#headers();
    const text = this.#text(turn);
    const bare = this.#bare;
    const conditions = bare ? [] : ["create", "replace", "other"];
    const condition = this.#one(["none", "none", ...conditions]);
    const end = this.#one(["complete", "complete", "abort", "nothing"]);
    return {
      says: `${turn} parts ${key} ${text.length} ${condition} ${end} ${JSON.stringify(headers)}`,
      async run(player) {
        const upload = await player.store.createMultipartUpload(key, {
          ...headers,
          ...(condition === "create" && { ifNoneMatch: "*" }),
          ...(condition === "replace" && { ifMatch: await player.etag(key) }),
          ...(condition === "other" && { ifMatch: '"other"' }),
        });
        const part = end === "nothing" ? undefined : await upload.uploadPart(1, text);
        const held: unknown[] = [];
        if (!bare) {
          held.push((await upload.parts()).map(({ partNumber, size }) => [partNumber, size]));
          for await (const { key: of } of player.store.listUploads({ prefix: key })) held.push(of);
        }
        try {
          if (end === "abort") return [held, await upload.abort(), await upload.abort()];
          const info = await upload.complete(part ? [part] : []);
          return [held, told(info)];
        } finally {
          await upload.abort();
        }
      },
    };
  }
}
