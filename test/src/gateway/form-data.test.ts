import { describe, expect, it, onTestFinished, vi } from "vitest";
import { readPostForm } from "../../../src/gateway/form-data.ts";
import { BOUNDARY, formOf, inPieces } from "./posted.ts";

const request = (
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  type = `multipart/form-data; boundary=${BOUNDARY}`,
): Request =>
  new Request("http://host/", {
    method: "POST",
    body,
    headers: { "content-type": type },
    duplex: "half",
  } as RequestInit);

/** All that a form has, its file as text. */
async function read(bytes: Uint8Array<ArrayBuffer>, size?: number, type?: string): Promise<unknown> {
  const { fields, filename, file } = await readPostForm(request(inPieces(bytes, size).stream, type));
  const pieces: Uint8Array[] = [];
  for await (const piece of file) pieces.push(piece.slice());
  return { fields: Object.fromEntries(fields), filename, file: Buffer.concat(pieces).toString() };
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const head = (disposition: string): string => `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`;

/** Text that looks like a boundary without being one. */
const TRICKY = `\r\n\r\n--\r\n--${BOUNDARY.slice(0, -1)}\r\r\n-\n--${BOUNDARY}\r\n\r\n-`;

describe("readPostForm", () => {
  const whole = formOf([
    ["Key", "a/ä"],
    ["empty", ""],
    ["tricky", TRICKY],
    ["file", TRICKY, "dir\\sub/näme.txt"],
  ]);
  const expected = { fields: { key: "a/ä", empty: "", tricky: TRICKY }, filename: "näme.txt", file: TRICKY };

  it("reads the same whatever pieces it comes in", async () => {
    for (let size = 1; size <= whole.byteLength; size++) expect(await read(whole, size)).toEqual(expected);
  });

  it("refuses a form that is cut, wherever that is, but for what follows its last boundary", async () => {
    const end = whole.byteLength - "\r\n".length;
    for (let length = 0; length < end; length++)
      await expect(read(whole.slice(0, length), 7)).rejects.toMatchObject({
        s3: expect.stringMatching(/^(IncompleteBody|MalformedPOSTRequest)$/) as string,
      });
    expect(await read(whole.slice(0, end))).toEqual(expected);
  });

  it("does not wait for fields for more than a minute, and for the bytes of a file as long as they take", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const cancelled: unknown[] = [];
    let send: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
    const slow = (): ReadableStream<Uint8Array<ArrayBuffer>> =>
      new ReadableStream({
        start: (controller) => void (send = controller),
        cancel: (why) => void cancelled.push(why),
      });
    const refused = expect(readPostForm(request(slow()))).rejects.toMatchObject({ s3: "RequestTimeout" });
    for (let second = 0; second < 60; second++) {
      send?.enqueue(bytes(second === 0 ? head('name="key"') : "k"));
      await vi.advanceTimersByTimeAsync(1000);
    }
    await refused;
    expect(cancelled).toMatchObject([{ s3: "RequestTimeout" }]);
    const reading = readPostForm(request(slow()));
    send?.enqueue(bytes(head('name="file"; filename="a"')));
    const { file } = await reading;
    const piece = file.next();
    await vi.advanceTimersByTimeAsync(600_000);
    send?.enqueue(bytes("slowly"));
    expect(Buffer.from((await piece).value ?? []).toString()).toBe("slowly");
    expect(cancelled.length).toBe(1);
  });

  it.each<[string, string]>([
    ["a boundary in quotes", `multipart/form-data; charset=utf-8; boundary="${BOUNDARY}"`],
    ["a boundary before something else", `multipart/form-data; boundary=${BOUNDARY}; x=y`],
    ["capitals", `Multipart/Form-Data; Boundary=${BOUNDARY}`],
  ])("takes %s", async (_, type) => {
    expect(await read(whole, undefined, type)).toEqual(expected);
  });

  it.each<[string, string]>([
    ["no boundary", "multipart/form-data; x=y"],
    ["an empty boundary", "multipart/form-data; boundary="],
    ["a long boundary", `multipart/form-data; boundary=${"b".repeat(71)}`],
    ["another boundary", "multipart/form-data; boundary=other"],
  ])("refuses %s", async (_, type) => {
    await expect(read(whole, undefined, type)).rejects.toMatchObject({ s3: "MalformedPOSTRequest" });
  });

  it("takes text as it is sent, and what is no text for no form", async () => {
    const marked = formOf([
      ["key", "\ufeffa"],
      ["file", ""],
    ]);
    expect(await read(marked, 3)).toMatchObject({ fields: { key: "\ufeffa" } });
    const latin = new Uint8Array(Buffer.from(`${head('name="key"')}b\u00e4r\r\n--${BOUNDARY}\r\n`, "latin1"));
    await expect(read(latin)).rejects.toMatchObject({ s3: "MalformedPOSTRequest" });
  });

  it("takes a file of no bytes, and a file without a name", async () => {
    expect(await read(formOf([["file", "", "a"]]), 3)).toEqual({ fields: {}, filename: "a", file: "" });
    expect(await read(formOf([["FILE", "text"]]), 3)).toEqual({ fields: {}, filename: "", file: "text" });
  });

  it("does not look at what follows the file", async () => {
    const form = formOf([
      ["file", "first", "a"],
      ["key", "late"],
      ["file", "second", "b"],
    ]);
    expect(await read(form)).toEqual({ fields: {}, filename: "a", file: "first" });
  });

  it.each(["key", "x-amz-meta-a"])("refuses a field that is given twice: %s", async (name) => {
    const form = formOf([
      [name, "a"],
      [name.toUpperCase(), "b"],
      ["file", "text", "a"],
    ]);
    await expect(read(form)).rejects.toMatchObject({ s3: "InvalidArgument" });
  });

  it("takes names that objects have by themselves", async () => {
    const { fields } = await readPostForm(
      request(
        inPieces(
          formOf([
            ["__proto__", "a"],
            ["constructor", "b"],
            ["file", ""],
          ]),
        ).stream,
      ),
    );
    expect([...fields]).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
  });

  it("refuses a form without a file", async () => {
    for (const end of [`--${BOUNDARY}--\r\n`, `--${BOUNDARY}--`])
      await expect(read(formOf([["key", "a"]], end))).rejects.toMatchObject({
        s3: "InvalidArgument",
        said: "POST requires exactly one file upload per request.",
      });
  });

  it("refuses a file in which a line begins like the boundary: it would end there, and nobody would know", async () => {
    const form = formOf([["file", `a\r\n--${BOUNDARY}x\r\nb`, "a"]]);
    for (const size of [1, 5, form.byteLength])
      await expect(read(form, size)).rejects.toMatchObject({ s3: "MalformedPOSTRequest" });
  });

  it.each<[string, string, unknown]>([
    ["a quote as browsers write it", 'name="file"; filename="a%22b%0D%0A.txt"', 'a"b\r\n.txt'],
    ["names without quotes", "name=file; filename=a.txt", "a.txt"],
    ["folders", 'name="file"; filename="C:\\dir\\../a.txt"', "a.txt"],
    ["what is no folder", 'name="file"; filename=".."', ".."],
    ["a name that looks like another", 'name="file"; filename="; name=key"', "; name=key"],
  ])("reads the file's name: %s", async (_, disposition, filename) => {
    expect(await read(bytes(`${head(disposition)}x\r\n--${BOUNDARY}--`))).toMatchObject({ filename, file: "x" });
  });

  it.each<[string, string]>([
    ["no disposition", `--${BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nx\r\n--${BOUNDARY}--`],
    ["no name", `${head('filename="a"')}x\r\n--${BOUNDARY}--`],
    ["a boundary within a line", ` ${head('name="file"')}x`],
    ["something behind a field's boundary", `${head('name="a"')}x\r\n--${BOUNDARY} \r\n`],
  ])("refuses a part with %s", async (_, text) => {
    await expect(read(bytes(text))).rejects.toMatchObject({ s3: "MalformedPOSTRequest" });
  });

  it.each<[string, () => Uint8Array<ArrayBuffer>, string]>([
    ["fields", () => formOf([["a", "x".repeat(1024 * 1024)]]), "MaxPostPreDataLengthExceeded"],
    [
      "fields together",
      () => formOf(Array.from({ length: 50 }, (_, at) => [`${at}`, "x".repeat(500)])),
      "MaxPostPreDataLengthExceeded",
    ],
    ["many fields", () => formOf(Array.from({ length: 200 }, (_, at) => [`${at}`, ""])), "MalformedPOSTRequest"],
    ["a line", () => bytes(`--${BOUNDARY}\r\n${"x".repeat(1024 * 1024)}`), "MalformedPOSTRequest"],
    ["many lines", () => bytes(`--${BOUNDARY}\r\n${"x: y\r\n".repeat(100_000)}`), "MalformedPOSTRequest"],
    ["a preamble", () => bytes("x\r\n".repeat(100_000)), "MalformedPOSTRequest"],
    ["a preamble of no lines", () => new Uint8Array(1024 * 1024), "MalformedPOSTRequest"],
  ])("reads no more than it needs to refuse too much: %s", async (_, make, s3) => {
    const { stream, seen } = inPieces(make(), 1024);
    await expect(readPostForm(request(stream))).rejects.toMatchObject({ s3 });
    expect(seen.pieces).toBeLessThan(64);
    expect(seen.cancelled).toBe(true);
  });

  it("holds no more of a large file than its pieces", async () => {
    const size = 64 * 1024;
    const total = 1024;
    let made = 0;
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull(controller) {
          if (made === 0) controller.enqueue(bytes(head('name="file"')));
          // Carriage returns are what a boundary begins with.
          else if (made <= total) controller.enqueue(new Uint8Array(size).fill(13));
          else {
            controller.enqueue(bytes(`\r\n--${BOUNDARY}--`));
            controller.close();
          }
          made++;
        },
      },
      { highWaterMark: 0 },
    );
    const { file } = await readPostForm(request(stream));
    let [count, largest, ahead] = [0, 0, 0];
    for await (const piece of file) {
      count += piece.byteLength;
      largest = Math.max(largest, piece.byteLength);
      ahead = Math.max(ahead, made * size - count);
    }
    expect(count).toBe(size * total);
    expect(largest).toBeLessThan(2 * size);
    expect(ahead).toBeLessThan(4 * size);
  });

  it("lets go of what is not read", async () => {
    const { stream, seen } = inPieces(formOf([["file", "x".repeat(10_000), "a"]]), 1024);
    const form = await readPostForm(request(stream));
    await form.cancel();
    expect([seen.pieces, seen.cancelled]).toEqual([1, true]);
  });
});
