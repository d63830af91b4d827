import { describe, expect, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { StorageError } from "../../src/error.ts";
import { cleanFilename, guard, GuardError, type GuardOptions, type IncomingFile } from "../../src/guard.ts";

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A stream of these chunks that knows how often it was read and whether it was cancelled. */
function source(chunks: readonly Uint8Array[]): {
  body: ReadableStream<Uint8Array>;
  state: { pulls: number; cancelled: unknown };
} {
  const state: { pulls: number; cancelled: unknown } = { pulls: 0, cancelled: undefined };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[state.pulls++];
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      },
      cancel(reason) {
        state.cancelled = reason;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, state };
}

async function refused(file: IncomingFile, options?: GuardOptions): Promise<GuardError> {
  const error = await guard(file, options).catch((reason: unknown) => reason);
  if (error instanceof GuardError) return error;
  throw new Error("it was not refused", { cause: error });
}

const bytesOf = async (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> =>
  new Uint8Array(await new Response(stream).arrayBuffer());

describe("guard", () => {
  test.each([
    [{ maxsize: 5 }, "maxsize"],
    [{ maxSize: null }, "maxSize"],
    [null, "options"],
  ] as [object, string][])("refuses the options %j by name, and cancels the body", async (options, name) => {
    const { body, state } = source([PNG]);
    const error: unknown = await guard({ body }, options).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "invalid-option", message: expect.stringContaining(name) });
    expect(state).toMatchObject({ pulls: 0, cancelled: error });
  });

  test("passes a file through byte by byte with its type and a clean name", async () => {
    const rest = new Uint8Array(9000).fill(7);
    const file = await guard(
      { body: source([PNG, rest]).body, type: "image/png", name: "../me\u202e.png" },
      { types: ["image/*"] },
    );
    expect(file).toMatchObject({ contentType: "image/png", filename: "me.png" });
    expect(await bytesOf(file.body)).toEqual(Uint8Array.from([...PNG, ...rest]));
  });

  test.each([
    ["a Blob", new Blob([PNG], { type: "image/png" })],
    ["a File", new File([PNG], "x.png", { type: "image/png" })],
    ["bytes", PNG],
    ["an ArrayBuffer", PNG.slice().buffer],
    ["a Response", new Response(PNG, { headers: { "content-type": "image/png" } })],
  ])("takes %s", async (_name, body) => {
    const file = await guard({ body });
    expect(file.contentType).toBe("image/png");
    expect(file.filename).toBe(body instanceof File ? "x.png" : "file");
    expect(await bytesOf(file.body)).toEqual(PNG);
  });

  test("gives the same whatever position the stream is cut at", async () => {
    const whole = Uint8Array.from([...PNG, ...new Uint8Array(50).fill(9)]);
    for (let cut = 0; cut <= whole.length; cut++) {
      const file = await guard({ body: source([whole.slice(0, cut), whole.slice(cut)]).body, type: "image/png" });
      expect(await bytesOf(file.body)).toEqual(whole);
    }
    const bytewise = Array.from(whole, (byte) => Uint8Array.of(byte));
    expect(await bytesOf((await guard({ body: source(bytewise).body, type: "image/png" })).body)).toEqual(whole);
  });

  test("refuses a picture that ends anywhere within its signature", async () => {
    for (let end = 0; end < 8; end++) {
      expect(await refused({ body: source([PNG.slice(0, end)]).body, type: "image/png" })).toMatchObject({
        reason: "content",
        code: "invalid-option",
      });
    }
  });

  test("rejects interrupted, or gives a stream that errors so, when a host has cut the request's body", async () => {
    const cut = (size: number, announced = size + 1): Request =>
      new Request("http://h/", {
        ...{ method: "PUT", body: source([PNG, new Uint8Array(size - PNG.length)]).body, duplex: "half" },
        headers: { "content-length": `${announced}`, "content-type": "image/png" },
      } as RequestInit);
    await expect(guard({ body: cut(PNG.length) })).rejects.toMatchObject({ code: "interrupted" });
    const { body } = await guard({ body: cut(50_000) });
    await expect(new Response(body).bytes()).rejects.toMatchObject({ code: "interrupted" });
    await expect(guard({ body: cut(50_000, 100_000) }, { maxSize: 99_999 })).rejects.toMatchObject({ reason: "size" });
  });

  test("rejects interrupted, with the source's error, when it breaks at any position of the head", async () => {
    for (let end = 0; end <= PNG.length; end++) {
      const broken = new Error("connection lost");
      let sent = false;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (sent || end === 0) controller.error(broken);
          else controller.enqueue(PNG.slice(0, end));
          sent = true;
        },
      });
      await expect(guard({ body, type: "image/png" })).rejects.toMatchObject({
        code: "interrupted",
        cause: broken,
        message: "the body broke off: connection lost",
      });
    }
  });

  test("waits for the first bytes as long as its signal lets it, and lets the source go", async () => {
    const control = new AbortController();
    const reason = new Error("too slow");
    let cancelled: unknown;
    const silent = (): ReadableStream<Uint8Array> =>
      new ReadableStream({ pull: () => new Promise(() => {}), cancel: (why) => void (cancelled = why) });
    const guarding = guard({ body: silent(), type: "image/png" }, { signal: control.signal });
    setTimeout(() => control.abort(reason), 10);
    await expect(guarding).rejects.toBe(reason);
    expect(cancelled).toBe(reason);
    cancelled = undefined;
    await expect(guard({ body: silent() }, { signal: control.signal })).rejects.toBe(reason);
    expect(cancelled).toBe(reason);
    const later = new AbortController();
    setTimeout(() => later.abort(reason), 10);
    cancelled = undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (control) => control.enqueue(new Uint8Array(5000)),
      cancel: (why) => void (cancelled = why),
    });
    const detect = (): Promise<never> => new Promise(() => {});
    await expect(guard({ body }, { detect, signal: later.signal })).rejects.toBe(reason);
    expect(cancelled).toBe(reason);
    const { signal } = new AbortController();
    const passed = await guard({ body: source([PNG]).body, type: "image/png" }, { signal });
    expect(passed.contentType).toBe("image/png");
  });

  test("reads no more than it needs to decide", async () => {
    const { body, state } = source([PNG, new Uint8Array(4084), new Uint8Array(10), new Uint8Array(10)]);
    await guard({ body, type: "image/png" });
    expect(state.pulls).toBe(2);
  });

  test.each([
    ["image/gif", "image/png"],
    ["image/svg+xml", "image/png"],
    ["application/pdf", "image/png"],
    ["text/plain", "image/png"],
  ])("refuses a png that is called %s", async (type) => {
    const { body, state } = source([PNG, new Uint8Array(5000), PNG]);
    const error = await refused({ body, type });
    expect(error).toMatchObject({ reason: "content", name: "GuardError" });
    expect(error.message).toContain(type);
    expect(state.cancelled).toBe(error);
  });

  test.each([
    "<!doctype html><script>alert(1)</script>",
    " \n<HTML>",
    "MZ\0\0\0",
    "\x7fELF\x02",
    "#!/bin/sh\nrm -rf /",
    "<svg onload=alert(1)>",
  ])("refuses a page or program that is called a picture: %j", async (text) => {
    for (const type of ["image/png", "image/jpeg", "video/mp4"])
      expect((await refused({ body: encode(text), type })).reason).toBe("content");
    if (!text.startsWith("#"))
      expect((await refused({ body: encode(text), type: "image/x-unknown" })).reason).toBe("content");
  });

  test("refuses a type that is not allowed before it reads a byte", async () => {
    const { body, state } = source([PNG]);
    const error = await refused({ body, type: "application/pdf" }, { types: ["image/*"] });
    expect(error).toMatchObject({ reason: "type", code: "invalid-option" });
    expect(error.message).toContain("image/*");
    expect(state).toEqual({ pulls: 0, cancelled: error });
  });

  test.each([undefined, "", "application/octet-stream", "binary/octet-stream"])(
    "takes the detected type for the generic type %j",
    async (type) => {
      expect((await guard({ body: PNG, type }, { types: ["image/png"] })).contentType).toBe("image/png");
      expect(await refused({ body: PNG, type }, { types: ["image/gif"] })).toMatchObject({ reason: "type" });
      expect(await refused({ body: encode("plain"), type }, { types: ["image/*"] })).toMatchObject({ reason: "type" });
      expect((await guard({ body: encode("plain"), type })).contentType).toBe("application/octet-stream");
    },
  );

  test.each([
    ["image/png; charset=x", "image/png"],
    ["IMAGE/PNG", "image/png"],
    ["image/x-png", "image/png"],
  ])("reads the declared type %j as %s", async (type, contentType) => {
    expect((await guard({ body: PNG, type }, { types: ["image/png"] })).contentType).toBe(contentType);
  });

  test("takes the word of whoever calls before that of the body, and of a type only what content shows for another", async () => {
    const blob = new Blob([PNG], { type: "text/plain" });
    expect((await guard({ body: blob, type: "image/png" })).contentType).toBe("image/png");
    const webm = Uint8Array.from([0x1a, 0x45, 0xdf, 0xa3, 0x42, 0x82, 0x84, ...encode("webm")]);
    expect((await guard({ body: webm, type: "audio/webm" })).contentType).toBe("audio/webm");
    expect((await guard({ body: Uint8Array.of(1) }, { detect: () => "image/jpg" })).contentType).toBe("image/jpeg");
  });

  test("keeps the charset of a text", async () => {
    const generic = { body: encode("<html>"), type: "application/octet-stream; charset=x" };
    expect((await guard(generic)).contentType).toBe("text/html");
    expect(
      (await guard({ body: encode("ä"), type: "text/plain; charset=utf-8" }, { types: ["text/plain"] })).contentType,
    ).toBe("text/plain; charset=utf-8");
  });

  test.each(["text/html,image/png", "image/png, text/html", "png", "image/png\r\nx: y", "image/*", "*/*", "image/p*g"])(
    "refuses the malformed type %j",
    async (type) => {
      for (const types of [undefined, ["*/*"], ["image/*"]])
        expect(await refused({ body: PNG, type }, { types })).toMatchObject({ reason: "type" });
    },
  );

  test("covers what can run script by its exact name only", async () => {
    const svg = encode("<svg xmlns='http://www.w3.org/2000/svg'/>");
    for (const types of [["image/*"], ["*/*"]]) {
      expect(await refused({ body: svg, type: "image/svg+xml" }, { types })).toMatchObject({
        reason: "type",
        message: `files of type image/svg+xml are not allowed here, unless named: they can run script; allowed: ${types.join(", ")}`,
      });
      expect(await refused({ body: svg }, { types })).toMatchObject({ reason: "type" });
    }
    expect((await guard({ body: svg, type: "image/svg+xml" }, { types: ["image/svg+xml"] })).contentType).toBe(
      "image/svg+xml",
    );
  });

  test("passes an empty file unless its type has a signature", async () => {
    for (const body of [null, "", source([]).body, source([new Uint8Array(0)]).body]) {
      const file = await guard({ body, type: "text/plain" }, { types: ["text/plain"] });
      expect(await bytesOf(file.body)).toHaveLength(0);
    }
    expect(await refused({ body: null, type: "image/png" })).toMatchObject({ reason: "content" });
  });

  test("counts to the limit exactly", async () => {
    const body = (): ReadableStream<Uint8Array> => source([new Uint8Array(6000), new Uint8Array(4000)]).body;
    expect(await bytesOf((await guard({ body: body() }, { maxSize: 10_000 })).body)).toHaveLength(10_000);
    await expect(guard({ body: body() }, { maxSize: 9999 }).then((file) => bytesOf(file.body))).rejects.toMatchObject({
      reason: "size",
      code: "too-large",
    });
  });

  test("takes what is as long as it may be, and nothing at all where nothing may be", async () => {
    for (const length of [0, 100])
      for (const body of [new Uint8Array(length), new Blob([new Uint8Array(length)])])
        expect(await bytesOf((await guard({ body, size: length }, { maxSize: length })).body)).toHaveLength(length);
  });

  test("has a limit of 10 MiB by default", async () => {
    const mebibyte = new Uint8Array(1024 * 1024);
    const file = await guard({ body: source([...Array.from({ length: 10 }, () => mebibyte), Uint8Array.of(1)]).body });
    await expect(bytesOf(file.body)).rejects.toMatchObject({
      reason: "size",
      message: expect.stringContaining("10485760"),
    });
  });

  test("cancels the source when the limit is passed in mid-stream", async () => {
    const { body, state } = source(Array.from({ length: 50 }, () => new Uint8Array(5000)));
    const file = await guard({ body }, { maxSize: 12_000 });
    const error = await bytesOf(file.body).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(GuardError);
    expect(state).toEqual({ pulls: 3, cancelled: error });
  });

  test("refuses what is too large already in its head or by its declared length", async () => {
    const head = source([new Uint8Array(100)]);
    expect(await refused({ body: head.body }, { maxSize: 99 })).toMatchObject({ reason: "size" });
    expect(head.state.cancelled).toBeInstanceOf(GuardError);
    const declared = source([PNG]);
    expect(await refused({ body: declared.body, size: 100 }, { maxSize: 99 })).toMatchObject({ reason: "size" });
    expect(declared.state.pulls).toBe(0);
    expect(await refused({ body: new Blob([new Uint8Array(100)]) }, { maxSize: 99 })).toMatchObject({ reason: "size" });
  });

  test("cancels the source when its stream is cancelled", async () => {
    const { body, state } = source([PNG, new Uint8Array(5000), PNG]);
    const file = await guard({ body, type: "image/png" });
    await file.body.cancel("enough");
    expect(state.cancelled).toBe("enough");
  });

  test("asks the detector first, with at most 4100 bytes, and the table when it does not know", async () => {
    let seen = 0;
    const detect = async (head: Uint8Array): Promise<string | undefined> => {
      seen = head.length;
      return head[0] === 1 ? "model/x-own" : undefined;
    };
    expect((await guard({ body: new Uint8Array(9000).fill(1) }, { detect, types: ["model/*"] })).contentType).toBe(
      "model/x-own",
    );
    expect(seen).toBe(4100);
    expect((await guard({ body: PNG }, { detect })).contentType).toBe("image/png");
    expect(await refused({ body: Uint8Array.of(1), type: "image/png" }, { detect })).toMatchObject({
      reason: "content",
    });
    expect(
      (
        await guard(
          { body: encode("<?xml version='1.0'?><svg/>"), type: "image/svg+xml" },
          { detect: () => "application/xml" },
        )
      ).contentType,
    ).toBe("image/svg+xml");
  });

  test("rejects as the detector does and cancels the source", async () => {
    const { body, state } = source([PNG, new Uint8Array(5000), PNG]);
    const failure = new Error("detector");
    await expect(guard({ body }, { detect: () => Promise.reject(failure) })).rejects.toBe(failure);
    expect(state.cancelled).toBe(failure);
  });

  test.each<[string, GuardOptions]>([
    ["a type that is none", { types: ["png"] }],
    ["a limit that is none", { maxSize: Number.NaN }],
    ["a negative limit", { maxSize: -1 }],
  ])("rejects %s as invalid-option, and cancels the source", async (_name, options) => {
    const { body, state } = source([PNG]);
    const error = await guard({ body }, options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StorageError);
    expect(error).not.toBeInstanceOf(GuardError);
    expect(error).toMatchObject({ code: "invalid-option" });
    expect(state.cancelled).toBe(error);
  });

  test("makes an upload reject with the same GuardError, with nothing stored", async () => {
    const store = memory();
    const file = await guard(
      { body: source(Array.from({ length: 9 }, () => new Uint8Array(5000))).body },
      { maxSize: 12_000 },
    );
    const error = await store
      .upload("a", file.body, { contentType: file.contentType })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(GuardError);
    expect(error).toMatchObject({ reason: "size", code: "too-large", operation: "upload", key: "a" });
    expect(await store.exists("a")).toBe(false);
  });

  test("exports the name cleaner", () => {
    expect(cleanFilename("../a.png")).toBe("a.png");
  });
});
