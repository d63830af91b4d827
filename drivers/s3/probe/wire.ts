/** The one place of the probe that sends: signed requests below its own prefix, all that they make written down, all of it removed. */
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

/** Refusals that are answers here. Others, which may be over soon, are repeated, and then leave the question open. */
const REFUSALS = [301, 304, 307, 400, 401, 403, 404, 405, 409, 411, 412, 413, 416, 501];

/** A request: what the driver adds is left out. `name` is below the probe's prefix; without one it is to the bucket. */
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
  /** What the closing document says of it besides number and ETag. */
  readonly element?: Markup;
}

/** One probe's requests. */
export class Wire {
  readonly driver: Driver;
  readonly client: Client;
  /** Ends with `/`. */
  readonly prefix: string;
  readonly signal: AbortSignal | undefined;
  requests = 0;
  /** Full keys that could not be removed, or whose upload could not be aborted. */
  left: readonly string[] = [];
  /** What the server calls itself. */
  server: string | undefined;
  readonly #keys = new Set<string>();
  readonly #uploads = new Map<string, string>();
  #versions = false;
  /** Whether an upload may have been begun whose id nobody has heard. */
  #unheard = false;

  constructor(driver: Driver, client: Client, prefix: string, signal?: AbortSignal) {
    this.driver = driver;
    this.client = client;
    this.prefix = prefix;
    this.signal = signal;
  }

  /** What stands before a name in the bucket: the driver's base, and the prefix. */
  get root(): string {
    return this.client.settings.base + this.prefix;
  }

  /** The key for a name, written down as one that may come to be. */
  made(name: string): string {
    this.#keys.add(this.prefix + name);
    return this.prefix + name;
  }

  /** The first request: a refusal teaches region and time as for any verb, or ends the probe with its error. */
  async begin(): Promise<void> {
    await this.#send({ method: "PUT", key: this.made("first"), body: bytesOf("1"), signal: this.signal });
  }

  /** Sends a request, whatever is answered. */
  ask(method: Operation["method"], { name, query, headers, body }: Ask): Promise<Answer> {
    const key = name === undefined ? undefined : method === "PUT" ? this.made(name) : this.prefix + name;
    const sent = body === undefined ? undefined : bytesOf(body);
    return this.#send({ method, key, query, headers, body: sent, signal: this.signal, accept: REFUSALS });
  }

  /** Stores an object. */
  put(name: string, body: string, headers: HeaderMap = {}): Promise<Answer> {
    return this.ask("PUT", { name, body, headers });
  }

  /** Whether the object holds this. */
  async holds(name: string, body: string): Promise<boolean> {
    const answer = await this.ask("GET", { name });
    return answer.ok && answer.text === body;
  }

  /** A copy of one object to the place of another. */
  copy(from: string, to: string, headers: HeaderMap): Promise<Answer> {
    const source = `/${this.client.settings.bucket}/${encodePath(this.root + from)}`;
    return this.ask("PUT", { name: to, headers: { ...headers, "x-amz-copy-source": source } });
  }

  /** Lists what the probe has made, below `below`. */
  list(below = "", query: Query = {}): Promise<Answer> {
    return this.ask("GET", { query: { "list-type": 2, prefix: this.root + below, ...query } });
  }

  /** Begins an upload in parts; its id is empty when that was refused. */
  async start(name: string, headers: HeaderMap = {}): Promise<readonly [Answer, string]> {
    const answer = await this.ask("POST", { name, query: { uploads: "" }, headers }).catch((error: unknown) => {
      this.#unheard = true;
      throw error;
    });
    const id = (answer.root && childText(answer.root, "UploadId")) ?? "";
    if (id) this.#uploads.set(id, this.made(name));
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

  /** Sends a form as a browser does, unsigned: not by the driver's own transport, unless that is a `fetch`. */
  async post(url: string, body: FormData): Promise<Answer> {
    this.requests++;
    const send = this.client.settings.fetch ?? fetch;
    const response = await send(url, { method: "POST", body, redirect: "manual", signal: this.signal ?? null });
    const header = (name: string): string | null => response.headers.get(name);
    return toAnswer(response.status, await response.text(), header);
  }

  /** Lists once, signed for a region that is not the bucket's. */
  async elsewhere(region: string): Promise<Answer> {
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

  /** Removes what was made, key by key and upload by upload, however the probe ended. Never rejects. */
  async removeAll(): Promise<void> {
    const { base } = this.client.settings;
    const unended: string[] = [];
    const abort = async (key: string, uploadId: string): Promise<void> => {
      const answer = await this.#quietly({ method: "DELETE", key, query: { uploadId }, accept: REFUSALS });
      if (!answer?.ok && answer?.status !== 404) unended.push(base + key);
    };
    for (const [uploadId, key] of this.#uploads) await abort(key, uploadId);
    for (const key of this.#keys) await this.#quietly({ method: "DELETE", key, accept: REFUSALS });
    const listed = async (query: Query, ...kinds: string[]): Promise<readonly Element[] | undefined> => {
      const asked = { ...query, prefix: this.root };
      const answer = await this.#quietly({ method: "GET", query: asked, accept: REFUSALS });
      return answer?.ok ? kinds.flatMap((kind) => children(answer, kind)) : undefined;
    };
    const versions = async (): Promise<readonly Element[] | undefined> =>
      this.#versions ? listed({ versions: "" }, "Version", "DeleteMarker") : undefined;
    const stored = (entry: Element): string => childText(entry, "Key") ?? "";
    if (this.#unheard)
      for (const entry of (await listed({ uploads: "" }, "Upload")) ?? []) {
        const uploadId = childText(entry, "UploadId");
        if (uploadId && stored(entry).startsWith(this.root)) await abort(stored(entry).slice(base.length), uploadId);
      }
    let left = await versions();
    // MinIO shows what lies below an object only once that object is gone.
    for (let round = 1; round <= 3 && left?.length; round++) {
      for (const entry of left) {
        const key = stored(entry).slice(base.length);
        const query = { versionId: childText(entry, "VersionId") };
        if (this.#keys.has(key)) await this.#quietly({ method: "DELETE", key, query, accept: REFUSALS });
      }
      left = await versions();
    }
    // Garage names versions and lists none.
    left ??= await listed({ "list-type": 2 }, "Contents");
    const kept = left ? left.map(stored) : [...this.#keys].map((key) => base + key);
    this.left = [...new Set([...kept, ...unended])];
  }

  async #send(operation: Operation): Promise<Answer> {
    this.requests++;
    const answer = await this.client.send(operation, readAnswer);
    this.server ??= answer.header("server") ?? undefined;
    this.#versions ||= (answer.header("x-amz-version-id") ?? "null") !== "null";
    return answer;
  }

  #quietly(operation: Operation): Promise<Answer | undefined> {
    return this.#send(operation).catch(() => undefined);
  }
}

function bytesOf(body: string | Uint8Array): Uint8Array {
  return typeof body === "string" ? toUtf8(body) : body;
}
