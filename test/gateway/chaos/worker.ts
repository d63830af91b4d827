/** Makes random calls on keys of its own, and holds what it hears against what they may hold. */
import { chance } from "../../support/chance.ts";
import { type Answer, type Client, type Content, shaOf } from "./client.ts";
import { Model, typeOf, type Version } from "./model.ts";

const MIB = 1024 * 1024;
const SIZES = [0, 1, 1024, 1024, 70_000, 300_000, 5 * MIB + 1] as const;

/** How often each is done, in proportion to the others. */
const MENU = {
  put: 30,
  conditional: 14,
  upload: 4,
  parts: 6,
  copy: 8,
  copyParts: 3,
  remove: 8,
  removeMany: 4,
  read: 30,
  range: 12,
  head: 8,
  download: 4,
  list: 8,
} as const;
type Kind = keyof typeof MENU;

/** Who works below a prefix by one client. */
export class Worker {
  readonly counts: Record<"calls" | "acknowledged" | "refused" | "doubtful" | "unavailable", number> = {
    ...{ calls: 0, acknowledged: 0, refused: 0, doubtful: 0, unavailable: 0 },
  };
  readonly model: Model;
  readonly #client: Client;
  readonly #name: string;
  readonly #random: () => number;
  #turn = 0;

  constructor(client: Client, number: number, seed: number) {
    this.#client = client;
    this.#name = `w${number}`;
    this.#random = chance(seed * 1000 + number);
    this.model = new Model(["a", "b", "c", "d/e +%.txt", "/x?y"].map((key) => `${this.#name}/${key}`));
  }

  /** Does one thing; rejects for what cannot be. */
  async operate(): Promise<void> {
    let at = this.#random() * Object.values(MENU).reduce((sum, share) => sum + share, 0);
    const kind = (Object.keys(MENU) as Kind[]).find((name) => (at -= MENU[name]) < 0) ?? "put";
    await this[kind](this.#pick(this.model.keys));
  }

  put(key: string): Promise<unknown> {
    return this.#write("PutObject", key, this.#content(this.#pick(SIZES)), this.#attempts());
  }

  async conditional(key: string): Promise<void> {
    const before = this.model.readable(key);
    const etag = this.#random() < 0.8 ? this.model.possible(key).at(-1)?.etag : '"0-0-0"';
    const create = etag === undefined || this.#random() < 0.5;
    const holds = (version: Version): boolean =>
      create ? version.content === undefined : version.content !== undefined && (version.etag ?? etag) === etag;
    const condition = create ? { IfNoneMatch: "*" } : { IfMatch: etag };
    const attempts = this.#attempts();
    const answer = await this.#write("PutObject", key, this.#content(1024), attempts, condition);
    if (answer.status === undefined && !before.some(holds)) this.model.fail(key, "was written against a condition");
    // Whoever asks again may be refused for what the first request has stored.
    if (answer.status === 412 && attempts === 1 && before.every(holds))
      this.model.fail(key, "was refused by a condition that holds");
  }

  upload(key: string): Promise<unknown> {
    return this.#write("Upload", key, this.#content(this.#pick([3 * MIB, 5 * MIB + 1, 11 * MIB])), this.#attempts());
  }

  async parts(key: string): Promise<void> {
    const content = { ...this.#content(5 * MIB + 1000), streamed: false };
    const { UploadId } = await this.#begun(key, content);
    if (UploadId === undefined) return;
    const at = { Key: key, UploadId };
    const parts: { readonly PartNumber: number; readonly ETag: string | undefined }[] = [];
    for (const [index, part] of [{ end: 5 * MIB }, { start: 5 * MIB }].entries()) {
      const Body = { ...content, ...part };
      const { ETag } = await this.#again("UploadPart", { ...at, PartNumber: index + 1, Body });
      if (ETag === undefined) return;
      parts.push({ PartNumber: index + 1, ETag });
    }
    const whole = { ...at, MultipartUpload: { Parts: parts } };
    if (this.#random() < 0.2) {
      const { status } = await this.#again("AbortMultipartUpload", at);
      if (status !== undefined) return;
      const { error } = await this.#again("CompleteMultipartUpload", whole, ["NoSuchUpload"]);
      if (error === undefined) this.model.fail(key, "was completed after it had been given up");
      return;
    }
    const first = await this.#complete(key, content, whole);
    if (first === undefined) return;
    const second = await this.#again("CompleteMultipartUpload", whole, this.#maybeOver(key));
    if (second.status === undefined && second.ETag !== first)
      this.model.fail(key, `was completed twice, as ${first} and ${second.ETag}`);
  }

  async copy(key: string): Promise<void> {
    const from = this.#pick(this.model.keys.filter((one) => one !== key));
    const sources = this.model.readable(from).filter(({ content }) => content !== undefined);
    const gone = this.model.readable(from).some(({ content }) => content === undefined);
    const CopySource = `bucket/${from}`;
    const answer = await this.#call("CopyObject", { Key: key, CopySource }, this.#attempts(), ["NoSuchKey"]);
    if (answer.error === "NoSuchKey" && !gone) this.model.fail(from, "is lost to a copy");
    if (answer.error === "NoSuchKey") return;
    const etag = answer.CopyObjectResult?.ETag;
    const made = sources.map(({ content }) => ({ content, etag, at: Date.now() }));
    const [first, ...others] = made;
    if (answer.status !== undefined) return made.forEach((version) => this.model.doubtful(key, version));
    if (!first) this.model.fail(from, "was copied, and is not there");
    this.model.acknowledged(key, first);
    for (const version of others) this.model.doubtful(key, version);
  }

  /** One part, of all bytes of a key that is known. */
  async copyParts(key: string): Promise<void> {
    const from = this.#pick(this.model.keys.filter((one) => one !== key && this.model.isSettled(one)));
    const content = from === undefined ? undefined : this.model.possible(from)[0]?.content;
    if (!content || content.size === 0) return;
    const { UploadId } = await this.#begun(key, content);
    if (UploadId === undefined) return;
    const source = { CopySource: `bucket/${from}`, CopySourceRange: `bytes=0-${content.size - 1}` };
    const copied = await this.#again("UploadPartCopy", { Key: key, UploadId, PartNumber: 1, ...source });
    if (copied.CopyPartResult === undefined) return;
    const Parts = [{ PartNumber: 1, ETag: copied.CopyPartResult.ETag }];
    await this.#complete(key, content, { Key: key, UploadId, MultipartUpload: { Parts } });
  }

  async remove(key: string): Promise<void> {
    const attempts = this.#attempts();
    const { status } = await this.#call("DeleteObject", { Key: key }, attempts);
    this.#removed(key, status === undefined, attempts === 1);
  }

  async removeMany(key: string): Promise<void> {
    const keys = [...new Set([key, this.#pick(this.model.keys)])];
    const Delete = { Objects: keys.map((Key) => ({ Key })) };
    const { Deleted = [] } = await this.#call("DeleteObjects", { Delete }, this.#attempts());
    for (const one of keys)
      this.#removed(
        one,
        Deleted.some(({ Key }) => Key === one),
      );
  }

  async read(key: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#held(
      key,
      await this.#call("GetObject", { Key: key, ...more }, this.#attempts(), ["NoSuchKey", "InvalidRange"]),
    );
  }

  range(key: string): Promise<void> {
    const size = this.model.possible(key)[0]?.content?.size ?? 0;
    const start = Math.floor(this.#random() * size);
    return this.read(key, { Range: `bytes=${start}-${start + Math.floor(this.#random() * MIB)}` });
  }

  async head(key: string): Promise<void> {
    this.#held(key, await this.#call("HeadObject", { Key: key }, this.#attempts(), ["404", "NotFound"]));
  }

  async download(key: string): Promise<void> {
    const { status, sha } = await this.#call("Download", { Key: key }, 4, ["404", "NoSuchKey", "PreconditionFailed"]);
    if (status !== undefined) return;
    // In ranges it says nothing of its headers.
    if (sha === undefined || !this.model.readable(key).some(({ content }) => content && shaOf(content) === sha))
      this.model.fail(key, `was downloaded as ${sha}`);
  }

  async list(): Promise<void> {
    const found = new Map<string, { readonly Size: number; readonly ETag: string }>();
    const [method, MaxKeys] = [this.#pick(["ListObjects", "ListObjectsV2"]), this.#pick([1, 2, 1000])];
    let from: Readonly<Record<string, string | undefined>> = {};
    for (let last = ""; ;) {
      const page = await this.#call(method, { Prefix: `${this.#name}/`, MaxKeys, ...from }, this.#attempts());
      if (page.status !== undefined) return;
      for (const entry of page.Contents ?? []) {
        if (Buffer.compare(Buffer.from(entry.Key), Buffer.from(last)) <= 0)
          this.model.fail(entry.Key, `is behind ${last}`);
        found.set((last = entry.Key), entry);
      }
      if (!page.IsTruncated) break;
      from = method === "ListObjects" ? { Marker: last } : { ContinuationToken: page.NextContinuationToken };
    }
    for (const key of new Set([...found.keys(), ...this.model.keys])) this.model.listed(key, found.get(key));
  }

  #held(key: string, answer: Answer): void {
    const { status } = answer;
    if (status === undefined || status === 404) this.model.read(key, answer);
  }

  #removed(key: string, done: boolean, once = false): void {
    const version = { content: undefined, at: Date.now(), once };
    if (done) this.model.acknowledged(key, version);
    else this.model.doubtful(key, version);
  }

  async #write(
    method: string,
    key: string,
    Body: Content,
    attempts: 1 | 4,
    condition: Readonly<Record<string, unknown>> = {},
  ): Promise<Answer> {
    const named = { Key: key, Body, ContentType: typeOf(Body.vid), Metadata: { vid: Body.vid } };
    const known =
      "IfMatch" in condition || "IfNoneMatch" in condition ? ["PreconditionFailed", "ConditionalRequestConflict"] : [];
    const answer = await this.#call(method, { ...named, ...condition }, attempts, known);
    const version = {
      content: Body,
      etag: answer.ETag,
      at: Date.now(),
      once: attempts === 1 && answer.status === undefined,
    };
    if (answer.status === undefined) this.model.acknowledged(key, version);
    else if (answer.status !== 412 || attempts > 1) this.model.doubtful(key, version);
    return answer;
  }

  #begun(key: string, { vid }: Content): Promise<Answer> {
    return this.#call("CreateMultipartUpload", { Key: key, ContentType: typeOf(vid), Metadata: { vid } }, 4);
  }

  /** Completes until it is acknowledged; gives the ETag. */
  async #complete(
    key: string,
    content: Content,
    input: Readonly<Record<string, unknown>>,
  ): Promise<string | undefined> {
    const { ETag, status } = await this.#again("CompleteMultipartUpload", input, this.#maybeOver(key));
    const version = { content, etag: ETag, at: Date.now() };
    if (status === undefined) this.model.acknowledged(key, version);
    else this.model.doubtful(key, version);
    return ETag;
  }

  /** What is said of an upload whose object a write in doubt has replaced since. */
  #maybeOver(key: string): readonly string[] {
    return this.model.isSettled(key) ? [] : ["NoSuchUpload"];
  }

  /** As often as the network needs. */
  async #again(
    method: string,
    input: Readonly<Record<string, unknown>>,
    known: readonly string[] = [],
  ): Promise<Answer> {
    for (let time = 1; ; time++) {
      const answer = await this.#call(method, input, this.#attempts(), known);
      if (answer.status === undefined || known.includes(answer.error ?? "") || time === 6) return answer;
    }
  }

  /** A call, of whose refusals only these and what a client may ask for again are known. */
  async #call(
    method: string,
    input: Readonly<Record<string, unknown>>,
    attempts: 1 | 4,
    known: readonly string[] = [],
  ): Promise<Answer> {
    const key = typeof input["Key"] === "string" ? input["Key"] : "";
    const answer = await this.#client.call(method, input, attempts);
    const { error, status, message = "" } = answer;
    this.model.note(key, [method, JSON.stringify(input).slice(0, 200), attempts, status, error, answer.ETag].join(" "));
    this.counts.calls++;
    if (status === undefined) this.counts.acknowledged++;
    else if (status === 0) this.counts.doubtful++;
    else if (status >= 500) this.counts.unavailable++;
    else if (known.includes(error ?? "")) this.counts.refused++;
    else this.model.fail(key, `: ${this.#client.name} was refused ${method}: ${message}`);
    return answer;
  }

  #content(size: number): Content {
    return { vid: `${this.#name}-${++this.#turn}`, size, streamed: this.#random() < 0.5 };
  }

  #attempts(): 1 | 4 {
    return this.#random() < 0.5 ? 1 : 4;
  }

  #pick<T>(all: readonly T[]): T {
    return all[Math.floor(this.#random() * all.length)] as T;
  }
}
