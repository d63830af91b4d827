import { PassThrough, Readable } from "node:stream";
import { runInNewContext } from "node:vm";
import * as undici from "undici";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Source } from "../../src/backend.ts";
import { toBody, toChunk, unreadStream } from "../../src/body.ts";
import type { UploadBody } from "../../src/interface.ts";

const invalid = expect.objectContaining({ code: "invalid-option" });

async function textOf(source: Source): Promise<string> {
  return new Response("bytes" in source ? (source.bytes as Uint8Array<ArrayBuffer>) : source.stream).text();
}

async function* chunks(): AsyncGenerator<Uint8Array | string> {
  yield "he";
  yield new TextEncoder().encode("llo");
}

/** As another realm has it: of none of our classes. */
function foreign(kind: string, members: object): unknown {
  return { headers: new Headers(), bodyUsed: false, [Symbol.toStringTag]: kind, ...members };
}

const BODIES: Readonly<Record<string, () => UploadBody>> = {
  string: () => "hello",
  ArrayBuffer: () => new TextEncoder().encode("hello").buffer,
  "a view in the middle of a buffer": () => new TextEncoder().encode("--hello--").subarray(2, 7),
  DataView: () => new DataView(new TextEncoder().encode("-hello").buffer, 1),
  Blob: () => new Blob(["hello"]),
  Response: () => new Response("hello"),
  Request: () => new Request("http://h", { method: "POST", body: "hello" }),
  ReadableStream: () => new Blob(["hello"]).stream(),
  "an async iterable of text and bytes": chunks,
};

/** A Blob as jsdom has it, with the sizes of the slices that are taken of it. */
function withoutStream(blob: Blob, sizes: number[] = []): Blob {
  const slice = (start: number, end: number): Blob => {
    const piece = Blob.prototype.slice.call(blob, start, end);
    sizes.push(piece.size);
    return piece;
  };
  for (const name of ["stream", "arrayBuffer", "text"]) Object.defineProperty(blob, name, { value: undefined });
  return Object.defineProperty(blob, "slice", { value: slice });
}

/** As much of a FileReader as there is to it. */
class Reader extends EventTarget {
  result: ArrayBuffer | null = null;
  error: Error | null = null;
  readAsArrayBuffer(blob: Blob): void {
    void blob.arrayBuffer().then((buffer) => this.end(buffer));
  }
  end(buffer: ArrayBuffer | null, error: Error | null = null): void {
    this.result = buffer;
    this.error = error;
    this.dispatchEvent(new Event(error ? "error" : "load"));
  }
}

class Failing extends Reader {
  override readAsArrayBuffer(): void {
    queueMicrotask(() => this.end(null, new Error("gone")));
  }
}

describe("toBody", () => {
  it.each(Object.entries(BODIES))("reads %s", async (_, make) => {
    expect(await textOf(toBody(make()).source)).toBe("hello");
  });

  it("reads a Blob without a stream slice by slice, as jsdom's and those of old browsers are", async () => {
    vi.stubGlobal("FileReader", Reader);
    onTestFinished(() => void vi.unstubAllGlobals());
    const whole = "x".repeat(600_000) + "y";
    const sizes: number[] = [];
    const body = toBody(withoutStream(new Blob([whole], { type: "text/plain" }), sizes));
    expect(body).toMatchObject({ source: { size: 600_001 }, type: "text/plain" });
    expect(await textOf(body.source)).toBe(whole);
    expect(sizes).toEqual([262_144, 262_144, 75_713]);
    expect(await textOf(toBody(withoutStream(new Blob([]))).source)).toBe("");
    vi.stubGlobal("FileReader", Failing);
    await expect(textOf(toBody(withoutStream(new Blob(["x"]))).source)).rejects.toThrow("gone");
  });

  it("refuses one where nothing can read it, and says what to pass", async () => {
    const { source } = toBody(withoutStream(new Blob(["x"])));
    await expect(textOf(source)).rejects.toThrow("the body is a Blob without stream(); pass its bytes");
  });

  it.each<[string, () => unknown]>([
    ["the Response of another copy of fetch", () => new undici.Response("hello")],
    ["its Request", () => new undici.Request("http://h", { method: "POST", body: "hello" })],
    [
      "a Response whose body is a stream of Node",
      () => foreign("Response", { ok: true, body: Readable.from(["hello"]) }),
    ],
    ["a File of another realm", () => foreign("File", { size: 5, stream: () => new Blob(["hello"]).stream() })],
    ["an ArrayBuffer of another realm", () => runInNewContext("new Uint8Array([104, 101, 108, 108, 111]).buffer")],
  ])("reads %s", async (_, make) => {
    expect(await textOf(toBody(make() as UploadBody).source)).toBe("hello");
  });

  it("reads a stream of another realm by its reader where it is no iterable, as in Safari", async () => {
    const inner = new Blob(["hello"]).stream();
    const other = foreign("ReadableStream", { locked: false, getReader: () => inner.getReader() });
    const { source } = toBody(other as UploadBody);
    expect("stream" in source && (await source.stream.getReader().read()).value).toEqual(
      new TextEncoder().encode("hello"),
    );
  });

  it("passes on a stream as it is, and makes one of Node's own in a Response, as node-fetch has it", async () => {
    const stream = new ReadableStream<Uint8Array>();
    expect((toBody(stream).source as { stream: unknown }).stream).toBe(stream);
    const response = {
      ok: true,
      body: Readable.from([Buffer.from("x")]),
      headers: new Headers(),
      [Symbol.toStringTag]: "Response",
    };
    const { source } = toBody(response as unknown as Response);
    expect((source as { stream: unknown }).stream).toBeInstanceOf(ReadableStream);
    expect(await textOf(source)).toBe("x");
  });

  it("refuses a failed Response of another copy of fetch, and names what it cannot read", () => {
    expect(() => toBody(new undici.Response("no", { status: 404 }) as unknown as Response)).toThrow(/has status 404/);
    expect(() => toBody(new FormData() as unknown as null)).toThrow(/the body is FormData; pass/);
  });

  it("reads null and a Response without body as no bytes", async () => {
    expect(await textOf(toBody(null).source)).toBe("");
    expect(await textOf(toBody(new Response(null)).source)).toBe("");
  });

  it("refuses a Request whose body its host has dropped, and not one that was empty", async () => {
    const without = (headers: Record<string, string>): Request => new Request("http://h", { method: "PUT", headers });
    expect(() => toBody(without({ "content-length": "5" }))).toThrow(invalid);
    expect(() => toBody(without({ "transfer-encoding": "chunked" }))).toThrow(
      /dropped by the host; send a content-type/,
    );
    expect(await textOf(toBody(without({ "content-length": "0" })).source)).toBe("");
    expect(await textOf(toBody(without({})).source)).toBe("");
  });

  it("knows the length of bytes and Blobs, and passes on a declared one", () => {
    expect(toBody(new Blob(["hello"])).source).toMatchObject({ size: 5 });
    expect(toBody(new Blob(["x"]).stream(), 7).source).toMatchObject({ size: 7 });
    expect(toBody(chunks(), 5).source).toMatchObject({ size: 5 });
    expect(toBody(new Response("hello", { headers: { "content-length": "5" } })).source).toMatchObject({
      size: undefined,
    });
  });

  it("knows what a Request has announced, unless a size is given or the body may have been decoded", () => {
    const announcedBy = (body: Request | Response, size?: number): unknown =>
      (toBody(body, size).source as { readonly announced?: number }).announced;
    const announced = (headers: Record<string, string>, size?: number): unknown => {
      const stream = new Response("hello").body as ReadableStream;
      const init = { method: "PUT", body: stream, headers, duplex: "half" };
      return announcedBy(new Request("http://h/", init as RequestInit), size);
    };
    expect(announced({ "content-length": "5" })).toBe(5);
    expect(announced({ "content-length": "5", "content-encoding": "identity" })).toBe(5);
    expect(announced({})).toBeUndefined();
    expect(announced({ "content-length": "5x" })).toBeUndefined();
    expect(announced({ "content-length": "5" }, 5)).toBeUndefined();
    expect(announced({ "content-length": "5", "content-encoding": "gzip" })).toBeUndefined();
    expect(announced({ "content-length": "5", "transfer-encoding": "chunked" })).toBeUndefined();
    expect(announcedBy(new Response("hello", { headers: { "content-length": "3" } }))).toBeUndefined();
  });

  it("passes on the size that is declared of a Request, whose body lingers where Node would stop its connection", () => {
    const request = (): Request => new Request("http://h", { method: "PUT", body: "hello" });
    const first = request();
    const { source } = toBody(first, 7);
    expect(source).toMatchObject({ size: 7 });
    expect((source as { stream: unknown }).stream).not.toBe(first.body);
    vi.stubGlobal("Deno", {});
    onTestFinished(() => void vi.unstubAllGlobals());
    const second = request();
    expect((toBody(second).source as { stream: unknown }).stream).toBe(second.body);
  });

  it("takes the type of a Blob, Response and Request, and none where there is none", () => {
    expect(toBody(new Blob([], { type: "image/png" })).type).toBe("image/png");
    expect(toBody(new Response("", { headers: { "content-type": "a/b" } })).type).toBe("a/b");
    const request = { method: "PUT", body: "x", headers: { "content-type": "a/b" } };
    expect(toBody(new Request("http://h", request)).type).toBe("a/b");
    expect(toBody(new Response(null, request)).type).toBe("a/b");
    expect(toBody(new Blob(["x"])).type).toBeUndefined();
    expect(toBody(new Response(null)).type).toBeUndefined();
    expect(toBody(new Response(null, { headers: { "content-type": "" } })).type).toBeUndefined();
    expect(toBody("x").type).toBeUndefined();
  });

  it("refuses a length that is not the declared one at once", () => {
    for (const body of ["hello", new Blob(["hello"]), new Uint8Array(5), null, new Response(null)]) {
      expect(() => toBody(body, 4)).toThrow(invalid);
    }
    expect(() => toBody("hello", 0)).toThrow(invalid);
    for (const size of [-1, 1.5]) expect(() => toBody(chunks(), size)).toThrow(invalid);
    expect(() => toBody("hello", 5)).not.toThrow();
  });

  it("refuses a Response that says that it is not what was asked for, and takes its body by itself", async () => {
    const missing = (): Response => new Response("no such page", { status: 404 });
    expect(() => toBody(missing())).toThrow(/status 404/);
    expect(await textOf(toBody(missing().body).source)).toBe("no such page");
    expect(() => toBody(new Response("x", { status: 206 }))).not.toThrow();
  });

  it("refuses what was read or is being read", async () => {
    const read = new Response("x");
    await read.text();
    expect(() => toBody(read)).toThrow(/was read before/);
    const { body } = new Response("x");
    body?.getReader();
    expect(() => toBody(body)).toThrow(/locked/);
  });

  it("refuses a stream of Node that a parser has read to its end, and reads on in one that was begun", async () => {
    const read = Readable.from([Buffer.from("x")]);
    for await (const piece of read) expect(`${piece}`).toBe("x");
    expect(() => toBody(read)).toThrow(/was read before/);
    const looked = new PassThrough();
    looked.write("hel");
    looked.unshift(looked.read());
    looked.end("lo");
    expect(await textOf(toBody(looked).source)).toBe("hello");
  });

  it.each([undefined, 5, true, {}, [], new URLSearchParams("a=b")])(
    "refuses %s and says what may be passed",
    (body) => {
      expect(() => toBody(body as unknown as UploadBody)).toThrow(/ReadableStream/);
    },
  );

  it("tells an async iterable when nobody reads on", async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<string> {
      try {
        for (;;) yield "x";
      } finally {
        await new Promise(setImmediate);
        ended = true;
      }
    }
    const { source } = toBody(endless());
    if (!("stream" in source)) throw new Error("expected a stream");
    const reader = source.stream.getReader();
    await reader.read();
    await reader.cancel();
    expect(ended).toBe(true);
  });

  it("begins an async iterable at once, and keeps what that fails with for whoever reads", async () => {
    const missing = new Error("no such file");
    let asked = 0;
    const iterator = { next: () => (asked++, Promise.reject(missing)) };
    const { source } = toBody({ [Symbol.asyncIterator]: () => iterator });
    expect(asked).toBe(1);
    // A rejection that nobody handles would fail the run.
    await new Promise(setImmediate);
    await expect(textOf(source)).rejects.toBe(missing);
  });

  it("lets an async iterable go that cannot be told", async () => {
    const iterator = { next: async () => ({ done: false, value: "x" }) };
    const { source } = toBody({ [Symbol.asyncIterator]: () => iterator });
    if (!("stream" in source)) throw new Error("expected a stream");
    await source.stream.cancel();
  });

  it("ends an async iterable that gives neither bytes nor text", async () => {
    let ended = false;
    async function* wrong(): AsyncGenerator<string> {
      try {
        yield 5 as unknown as string;
      } finally {
        ended = true;
      }
    }
    await expect(textOf(toBody(wrong()).source)).rejects.toThrow(invalid);
    expect(ended).toBe(true);
  });
});

describe("unreadStream", () => {
  it("is the stream of a body that nobody reads, and none of any other", async () => {
    const stream = new ReadableStream<Uint8Array>();
    const response = new Response("x");
    expect([unreadStream(stream), unreadStream(response)]).toEqual([stream, response.body]);
    stream.getReader();
    for (const body of [stream, "x", null, chunks(), new Blob(["x"]), new Uint8Array(1)])
      expect(unreadStream(body)).toBeUndefined();
  });

  it("of a Request lingers, and is none once an upload has it", () => {
    const request = new Request("http://h", { method: "PUT", body: "x" });
    const stream = unreadStream(request);
    expect(stream).toBeInstanceOf(ReadableStream);
    expect(stream).not.toBe(request.body);
    toBody(request);
    expect(unreadStream(request)).toBeUndefined();
  });
});

describe("toChunk", () => {
  it("keeps bytes as they are and encodes text", () => {
    const bytes = new Uint8Array(2);
    expect(toChunk(bytes)).toBe(bytes);
    expect(toChunk("é")).toEqual(new Uint8Array([0xc3, 0xa9]));
    expect(toChunk(new Uint16Array([1]))).toEqual(new Uint8Array([1, 0]));
    expect(toChunk(new ArrayBuffer(1))).toEqual(new Uint8Array(1));
  });

  it.each([null, undefined, 1, {}, [1]])("refuses %s", (chunk) => {
    expect(() => toChunk(chunk)).toThrow(invalid);
  });
});

it("a request of Node's http is taken once: what a first upload has left of it is not the whole", () => {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
  }
  const request = Object.assign(bytes(), { httpVersion: "1.1", method: "PUT", headers: {}, destroy: () => {} });
  toBody(request);
  expect(() => toBody(request)).toThrow("was read before");
});
