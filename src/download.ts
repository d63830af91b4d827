/** Makes what users see of stored objects: their metadata, and for `download` the body with its headers and methods. */
import type { Backend, Key, StoredInfo, StoredObject } from "./backend.ts";
import { collect } from "./collect.ts";
import { locate, type Place, StorageError } from "./error.ts";
import type { DownloadedObject, ObjectInfo } from "./interface.ts";
import { defined, type HeaderOption, OBJECT_HEADERS, type Writable } from "./options.ts";
import { letGo } from "./reader.ts";
import { DEFAULT_TYPE } from "./type.ts";

/** Metadata as users see it, with defaults and both addresses; written into `to`. */
export function toInfo<T extends object = object>(backend: Backend, info: StoredInfo, to = {} as T): ObjectInfo & T {
  const key = info.key as Key;
  const shown = defined(info, to) as Writable<ObjectInfo> & T;
  shown.contentType = info.contentType ?? DEFAULT_TYPE;
  // A copy with a prototype: RPC of Workers and React refuse objects without one.
  shown.metadata = { ...info.metadata };
  shown.url = backend.url(key);
  shown.location = backend.location(key);
  return shown;
}

/** A stored object as users see it. `body` and the methods share one body, which can be read once. */
export function toDownload(
  backend: Backend,
  stored: StoredObject,
  place: Place = { operation: "download", key: stored.info.key },
): DownloadedObject {
  const { range, info } = stored;
  const contentLength = range ? range.end - range.start + 1 : info.size;

  let headers: Headers | undefined;
  // Streams are expensive: none is made for the methods if they can do without.
  let stream: ReadableStream<Uint8Array> | undefined;
  let taken = false;

  async function bytes(): Promise<Uint8Array<ArrayBuffer>> {
    if (taken || stream?.locked) {
      throw new StorageError("invalid-option", "the body was read before", place);
    }
    taken = true;
    const reader = stream || !stored.next ? (stream ??= stored.body).getReader() : undefined;
    const next = reader ? nextOf(reader) : (stored.next as NonNullable<StoredObject["next"]>);
    try {
      return (await collect(next, contentLength, Infinity)) as Uint8Array<ArrayBuffer>;
    } catch (error) {
      const thrown = StorageError.is(error) ? locate(error, place) : error;
      await letGo(reader ?? stored.body, thrown);
      throw thrown;
    }
  }
  const text = async (): Promise<string> => new TextDecoder().decode(await bytes());
  const lazy: Lazy = {
    place,
    headers: () => (headers ??= toHeaders(shown, range, contentLength)),
    body() {
      if (!stream) {
        // After a method has read the pieces, `body` is a locked stream, as a Response's is.
        stream = taken ? new ReadableStream() : stored.body;
        if (taken) stream.getReader();
      }
      return stream;
    },
  };
  const readers: Readers = {
    bytes,
    text,
    arrayBuffer: async () => (await bytes()).buffer,
    json: async <T>() => JSON.parse(await text()) as T,
    blob: async () => new Blob([await bytes()], { type: shown.contentType }),
  };
  const shown: DownloadedObject = toInfo(backend, info, new Download(lazy, readers, contentLength, range));
  return shown;
}

/** The methods that read the whole body. */
type Readers = Pick<DownloadedObject, "bytes" | "text" | "arrayBuffer" | "json" | "blob">;

/** What is made on demand. */
interface Lazy {
  /** What errors of the body are located with. */
  readonly place: Writable<Place>;
  headers(): Headers;
  body(): ReadableStream<Uint8Array>;
}

const LAZY = Symbol("lazy");

/**
 * A class, since getters of a prototype are cheap: as getters of each object they would cost more than the rest of a
 * small download. The methods are assigned one by one, since a spread costs ten times as much.
 */
class Download implements Readers {
  readonly [LAZY]: Lazy;
  readonly contentLength: number;
  readonly bytes: Readers["bytes"];
  readonly text: Readers["text"];
  readonly arrayBuffer: Readers["arrayBuffer"];
  readonly json: Readers["json"];
  readonly blob: Readers["blob"];
  declare readonly range?: StoredObject["range"];

  constructor(
    lazy: Lazy,
    { bytes, text, arrayBuffer, json, blob }: Readers,
    contentLength: number,
    range: StoredObject["range"],
  ) {
    this[LAZY] = lazy;
    this.contentLength = contentLength;
    if (range) this.range = range;
    this.bytes = bytes;
    this.text = text;
    this.arrayBuffer = arrayBuffer;
    this.json = json;
    this.blob = blob;
  }

  get headers(): Headers {
    return this[LAZY].headers();
  }

  get body(): ReadableStream<Uint8Array> {
    return this[LAZY].body();
  }
}

/** Renames the key that later errors of an opened object's body are located with. */
export function renamePlace(object: object, named: (key: string) => string): void {
  const place = (object as Partial<Download>)[LAZY]?.place;
  if (place?.key) place.key = named(place.key);
}

function nextOf(reader: ReadableStreamDefaultReader<Uint8Array>): () => Promise<Uint8Array | null> {
  return async () => (await reader.read()).value ?? null;
}

function toHeaders(info: ObjectInfo, range: StoredObject["range"], contentLength: number): Headers {
  const values: Record<string, string | undefined> = {
    "accept-ranges": "bytes",
    "content-length": String(contentLength),
    "content-range": range && `bytes ${range.start}-${range.end}/${info.size}`,
    etag: info.etag,
    "last-modified": info.lastModified?.toUTCString(),
  };
  for (const [option, name] of Object.entries(OBJECT_HEADERS)) values[name] = info[option as HeaderOption];
  return new Headers(defined(values) as Record<string, string>);
}
