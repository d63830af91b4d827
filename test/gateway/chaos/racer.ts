/** Several on few keys by `If-Match`: no version may be replaced twice, and none is lost. */
import { chance } from "../../support/chance.ts";
import { type Client, shaOf } from "./client.ts";
import { typeOf } from "./model.ts";

const KEYS = 2;

/** Which version each was made of, as it was acknowledged or read. */
export class Lineage {
  readonly #children = new Map<string, string>();

  /** Takes note that a version replaced another; throws where that was replaced by another one before. */
  note(key: string, parent: string, vid: string): void {
    const name = `${key} ${parent}`;
    const known = this.#children.get(name) ?? vid;
    this.#children.set(name, known);
    if (known !== vid) throw new Error(`${key}: ${parent} was replaced by ${known} and by ${vid}`);
  }

  begun(key: string): boolean {
    return this.#children.has(`${key} none`);
  }

  get length(): number {
    return this.#children.size;
  }
}

/** One of them. */
export class Racer {
  readonly #client: Client;
  readonly #name: string;
  readonly #random: () => number;
  readonly #lineage: Lineage;
  #turn = 0;

  constructor(client: Client, number: number, seed: number, lineage: Lineage) {
    this.#client = client;
    this.#name = `r${number}`;
    this.#random = chance(seed * 77 + number);
    this.#lineage = lineage;
  }

  /** Reads a version, and replaces it. */
  async operate(): Promise<void> {
    const Key = `race/${Math.floor(this.#random() * KEYS)}`;
    const attempts = this.#random() < 0.5 ? 1 : 4;
    const begun = this.#lineage.begun(Key);
    const found = await this.#client.call("GetObject", { Key }, attempts);
    if (found.status === 404 && begun) throw new Error(`${Key} is lost`);
    if (found.status !== undefined && found.status !== 404) return;
    const { vid: read, parent: made, size = "0" } = found.Metadata ?? {};
    if (read !== undefined && made !== undefined) {
      if (found.ContentType !== typeOf(read) || found.sha !== shaOf({ vid: read, size: Number(size) }))
        throw new Error(`${Key} is torn: ${JSON.stringify(found)}`);
      this.#lineage.note(Key, made, read);
    }
    const parent = read ?? "none";
    const condition = read === undefined ? { IfNoneMatch: "*" } : { IfMatch: found.ETag };
    const content = { vid: `${this.#name}-${++this.#turn}`, size: [0, 100, 200_000][this.#turn % 3] as number };
    const Metadata = { vid: content.vid, parent, size: `${content.size}` };
    const named = { Key, Body: content, ContentType: typeOf(content.vid), Metadata, ...condition };
    const { status, message } = await this.#client.call("PutObject", named, attempts);
    if (status === undefined) this.#lineage.note(Key, parent, content.vid);
    else if (![0, 409, 412, 500, 503].includes(status)) throw new Error(`${Key}: ${message}`);
  }
}
