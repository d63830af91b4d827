/** The one place of the probe that sends. It notes all that its requests make below the probe's prefix, and removes it. */
import type { Driver } from "../../../src/driver.ts";
import { encodePath } from "../../../src/key.ts";
import type { HeaderMap } from "../../../src/s3/headers.ts";
import type { Query } from "../../../src/s3/url.ts";
import { childText, type Element, type Markup, writeXml } from "../../../src/s3/xml.ts";
import { toUtf8 } from "../../../src/utf8.ts";
import { Client } from "../client.ts";
import { Whereabouts } from "../region.ts";
import type { Operation } from "../request.ts";
import { type Answer, children, readAnswer, toAnswer } from "./answer.ts";

/** Statuses of refusals that answer a question. Others may be over soon: those requests are repeated, and in the end leave the question open. */
const REFUSALS = [301, 304, 307, 400, 401, 403, 404, 405, 409, 411, 412, 413, 416, 501];

/** A request without what the client adds. `name` is below the probe's prefix; without one the request is for the bucket. */
export interface Ask {
  readonly name?: string;
  readonly query?: Query;
  readonly headers?: HeaderMap;
  readonly body?: string | Uint8Array;
}

/** One part of an upload, with its checksum. */
export interface Part {
  readonly body: string | Uint8Array;
  readonly headers?: HeaderMap;
  /** What the document that completes the upload says of it besides number and ETag. */
  readonly element?: Markup;
}

/** One probe's requests. */
export class Wire {
  readonly driver: Driver;
  readonly client: Client;
  /** The probe's own, below the driver's base; ends with `/`. */
  readonly prefix: string;
  readonly signal: AbortSignal | undefined;
  requests = 0;
  /** Full keys that could not be removed, or whose upload could not be aborted. */
  left: readonly string[] = [];
  /** What the server calls itself. */
  server: string | undefined;
  /** Keys under which there may be an object. */
  readonly #keys = new Set<string>();
  /** The keys of uploads under way, by id. */
  readonly #uploads = new Map<string, string>();
  /** Full keys of uploads that could not be aborted. */
  readonly #unaborted: string[] = [];
  /** Whether an answer has named a version. */
  #versioned = false;
  /** Whether an upload may have begun whose id was lost with the answer. */
  #unheard = false;

  constructor(driver: Driver, client: Client, prefix: string, signal?: AbortSignal) {
    this.driver = driver;
    this.client = client;
    this.prefix = prefix;
    this.signal = signal;
  }

  /** All that is before a name in the bucket: the driver's base and the prefix. */
  get root(): string {
    return this.client.settings.base + this.prefix;
  }

  /** The key for a name, noted as one to remove. */
  claim(name: string): string {
    this.#keys.add(this.prefix + name);
    return this.prefix + name;
  }

  /** Stores a first object, by which the client learns region and time; rejects when that is refused. */
  async begin(): Promise<void> {
    await this.#send({ method: "PUT", key: this.claim("first"), body: bytesOf("1"), signal: this.signal });
  }

  /** Sends a request, and gives the answer, also when that is a refusal. */
  ask(method: Operation["method"], { name, query, headers, body }: Ask): Promise<Answer> {
    const key = name === undefined ? undefined : method === "PUT" ? this.claim(name) : this.prefix + name;
    const sent = body === undefined ? undefined : bytesOf(body);
    return this.#send({ method, key, query, headers, body: sent, signal: this.signal, accept: REFUSALS });
  }

  /** Stores an object. */
  put(name: string, body: string, headers: HeaderMap = {}): Promise<Answer> {
    return this.ask("PUT", { name, body, headers });
  }

  /** Whether the object has this body. */
  async holds(name: string, body: string): Promise<boolean> {
    const answer = await this.ask("GET", { name });
    return answer.ok && answer.text === body;
  }

  /** Has the store copy one object to another name. */
  copy(from: string, to: string, headers: HeaderMap): Promise<Answer> {
    const source = `/${this.client.settings.bucket}/${encodePath(this.root + from)}`;
    return this.ask("PUT", { name: to, headers: { ...headers, "x-amz-copy-source": source } });
  }

  /** Lists what the probe has made, or the part of it below `below`. */
  list(below = "", query: Query = {}): Promise<Answer> {
    return this.ask("GET", { query: { "list-type": 2, prefix: this.root + below, ...query } });
  }

  /** Begins an upload in parts; the id is empty when that is refused. */
  async start(name: string, headers: HeaderMap = {}): Promise<readonly [Answer, string]> {
    const answer = await this.ask("POST", { name, query: { uploads: "" }, headers }).catch((error: unknown) => {
      this.#unheard = true;
      throw error;
    });
    const id = (answer.root && childText(answer.root, "UploadId")) ?? "";
    if (id) this.#uploads.set(id, this.claim(name));
    return [answer, id];
  }

  /** Sends a part. */
  part(name: string, uploadId: string, partNumber: number, { body, headers = {} }: Part): Promise<Answer> {
    return this.ask("PUT", { name, query: { partNumber, uploadId }, headers, body });
  }

  /** A whole upload in parts, up to the first refusal; gives the last answer. */
  async upload(name: string, parts: readonly Part[], begin: HeaderMap = {}, end: HeaderMap = {}): Promise<Answer> {
    const [begun, uploadId] = await this.start(name, begin);
    if (!uploadId) return begun;
    const list: Markup[] = [];
    for (const [index, part] of parts.entries()) {
      const sent = await this.part(name, uploadId, index + 1, part);
      if (!sent.ok) return sent;
      const named: Markup[] = [
        ["PartNumber", String(index + 1)],
        ["ETag", sent.header("etag") ?? ""],
      ];
      list.push(["Part", part.element ? [...named, part.element] : named]);
    }
    const body = writeXml(["CompleteMultipartUpload", list]);
    const headers = { "content-type": "application/xml", ...end };
    const done = await this.ask("POST", { name, query: { uploadId }, headers, body });
    if (done.ok) this.#uploads.delete(uploadId);
    return done;
  }

  /** Sends a form, unsigned as a browser does: by the driver's `fetch` if it has one, else by the global one. */
  async post(url: string, body: FormData): Promise<Answer> {
    this.requests++;
    const send = this.client.settings.fetch ?? fetch;
    const response = await send(url, { method: "POST", body, redirect: "manual", signal: this.signal ?? null });
    const header = (name: string): string | null => response.headers.get(name);
    return toAnswer(response.status, await response.text(), header);
  }

  /** Lists with a signature for another region. */
  async listSignedFor(region: string): Promise<Answer> {
    const { settings } = this.client;
    const whereabouts = new Whereabouts(region, (name) => ({ ...settings.whereabouts.site, region: name }));
    const other = new Wire(this.driver, new Client({ ...settings, whereabouts }), this.prefix, this.signal);
    try {
      return await other.list();
    } finally {
      this.requests += other.requests;
      await other.client.close();
    }
  }

  /** Removes what was made, key by key and upload by upload, however the probe ended, and sets `left`. Never rejects. */
  async removeAll(): Promise<void> {
    for (const [uploadId, key] of this.#uploads) await this.#abort(key, uploadId);
    for (const key of this.#keys) await this.#remove(key);
    if (this.#unheard) await this.#abortUnheard();
    const versions = this.#versioned ? await this.#removeVersions() : undefined;
    // Where versions cannot be listed, the objects are: Garage names versions in its answers, and lists none.
    const listed = versions ?? (await this.#listed({ "list-type": 2 }, "Contents"));
    const kept = listed?.map(keyIn) ?? [...this.#keys].map((key) => this.client.settings.base + key);
    this.left = [...new Set([...kept, ...this.#unaborted])];
  }

  async #abort(key: string, uploadId: string): Promise<void> {
    const answer = await this.#remove(key, { uploadId });
    if (!answer?.ok && answer?.status !== 404) this.#unaborted.push(this.client.settings.base + key);
  }

  async #abortUnheard(): Promise<void> {
    const { base } = this.client.settings;
    for (const entry of (await this.#listed({ uploads: "" }, "Upload")) ?? []) {
      const uploadId = childText(entry, "UploadId");
      if (uploadId && keyIn(entry).startsWith(this.root)) await this.#abort(keyIn(entry).slice(base.length), uploadId);
    }
  }

  /** Removes all versions of the probe's keys, and gives those that are left; undefined when they cannot be listed. */
  async #removeVersions(): Promise<readonly Element[] | undefined> {
    const versions = (): Promise<readonly Element[] | undefined> =>
      this.#listed({ versions: "" }, "Version", "DeleteMarker");
    let left = await versions();
    // Several rounds: MinIO shows what lies below an object only once that object is gone.
    for (let round = 1; round <= 3 && left?.length; round++) {
      for (const entry of left) {
        const key = keyIn(entry).slice(this.client.settings.base.length);
        if (this.#keys.has(key)) await this.#remove(key, { versionId: childText(entry, "VersionId") });
      }
      left = await versions();
    }
    return left;
  }

  /** The entries of these kinds in a listing of the probe's prefix; undefined when it is refused. */
  async #listed(query: Query, ...kinds: string[]): Promise<readonly Element[] | undefined> {
    const operation = { method: "GET", query: { ...query, prefix: this.root }, accept: REFUSALS } as const;
    const answer = await this.#send(operation).catch(() => undefined);
    return answer?.ok ? kinds.flatMap((kind) => children(answer, kind)) : undefined;
  }

  /** Asks for a deletion; undefined when there was no answer. */
  #remove(key: string, query?: Query): Promise<Answer | undefined> {
    return this.#send({ method: "DELETE", key, query, accept: REFUSALS }).catch(() => undefined);
  }

  async #send(operation: Operation): Promise<Answer> {
    this.requests++;
    const answer = await this.client.send(operation, readAnswer);
    this.server ??= answer.header("server") ?? undefined;
    this.#versioned ||= (answer.header("x-amz-version-id") ?? "null") !== "null";
    return answer;
  }
}

/** The key in an entry of a listing. */
function keyIn(entry: Element): string {
  return childText(entry, "Key") ?? "";
}

function bytesOf(body: string | Uint8Array): Uint8Array {
  return typeof body === "string" ? toUtf8(body) : body;
}
