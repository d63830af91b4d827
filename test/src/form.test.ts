import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import memory from "../../drivers/memory.ts";
import { type FormOptions, type FormRequest, readForm } from "../../src/form.ts";
import { guard } from "../../src/guard.ts";
import { toResponse } from "../../src/respond.ts";
import { type Field, hard, randomForms, TYPE } from "./form-data/random.ts";

const MIB = 1024 * 1024;

/** A request with a form, as the runtime writes it. */
function formOf(...entries: readonly (readonly [name: string, value: string | Blob, filename?: string])[]): Request {
  const form = new FormData();
  for (const [name, value, filename] of entries)
    if (typeof value === "string") form.append(name, value);
    else form.append(name, value, filename);
  return new Request("http://localhost/", { method: "POST", body: form });
}

/** A request with a form as its text. */
function written(text: string, type = "multipart/form-data; boundary=b"): Request {
  return new Request("http://localhost/", { method: "POST", body: text, headers: { "content-type": type } });
}

/** A request with a form that comes in these pieces. */
function inPieces(...pieces: readonly string[]): FormRequest {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  return { headers: new Headers({ "content-type": "multipart/form-data; boundary=b" }), body };
}

const lines = (count: number): string => Array.from({ length: count }, (_, n) => `x-${n}: y`).join("\r\n");

/** A request with one part of this disposition. */
const headed = (disposition: string): Request =>
  written(`--b\r\nContent-Disposition: ${disposition}\r\n\r\nx\r\n--b--\r\n`);

/** All parts, each file as its text. */
async function partsOf(request: FormRequest, options?: FormOptions): Promise<unknown[]> {
  const parts: unknown[] = [];
  for await (const part of readForm(request, options)) {
    if (part.kind === "text") parts.push([part.field, part.value]);
    else parts.push([part.field, part.name, part.type, await new Response(part.body).text()]);
  }
  return parts;
}

const reasonOf = (request: FormRequest, options?: FormOptions): Promise<unknown> =>
  partsOf(request, options).catch((error: { reason: unknown }) => error.reason);

describe("readForm", () => {
  it("gives fields and files in the order in which they were sent, with what the client says of them", async () => {
    const request = formOf(
      ["user", "Zoë"],
      ["photo", new Blob(["<png>"], { type: "image/png" }), 'a "b"\r\n.png'],
      ["empty", ""],
      ["photo", new Blob(["second"]), "二.txt"],
      ["nothing", new Blob([]), "nothing.txt"],
    );
    expect(await partsOf(request)).toEqual([
      ["user", "Zoë"],
      ["photo", 'a "b"\r\n.png', "image/png", "<png>"],
      ["empty", ""],
      ["photo", "二.txt", "application/octet-stream", "second"],
      ["nothing", "nothing.txt", "application/octet-stream", ""],
    ]);
  });

  it.each([
    ["one quoted, with its own quotes escaped", 'filename="a \\"b\\".txt"', 'a "b".txt'],
    ["one that is a path", 'filename="C:\\docs\\a.txt"', "C:\\docs\\a.txt"],
    ["one without quotes", "filename=a.txt", "a.txt"],
    ["one with an encoding of its own", "filename=a.txt; filename*=UTF-8''%E4%BA%8C.txt", "二.txt"],
    ["one that ends in a backslash, as browsers write it", 'filename="C:\\docs\\"', "C:\\docs\\"],
    ["one that ends in a quote", 'filename="\\"b\\""', '"b"'],
    ["one that looks like another parameter", 'filename="; name=other; x="', "; name=other; x="],
  ])("reads filenames: %s", async (_, filename, name) => {
    const head = `Content-Disposition: form-data; ${filename}; name="f"\r\n`;
    expect(await partsOf(written(`--b\r\n${head}\r\nx\r\n--b--`))).toEqual([["f", name, undefined, "x"]]);
  });

  it("takes what is unusual and well-formed", async () => {
    const rest = "\r\nContent-Transfer-Encoding: Binary\r\nContent-Type: text/plain; charset=US-ASCII";
    expect(await partsOf(headed(`form-data; name="f"${rest}`))).toEqual([["f", "x"]]);
    expect(await partsOf(headed(`form-data; name="f"\r\n${lines(98)}`))).toEqual([["f", "x"]]);
    const type = "text/csv; charset=iso-8859-1";
    expect(await partsOf(headed(`form-data; NAME=f; FileName=a\r\nContent-Type: ${type}`))).toEqual([
      ["f", "a", type, "x"],
    ]);
    const long = "b".repeat(70);
    expect(await partsOf(written(`--${long}-- `, `Multipart/Form-Data ; boundary=${long}`))).toEqual([]);
    expect(await reasonOf(written(`--${long}b--`, `multipart/form-data; boundary=${long}b`))).toBe("malformed");
    expect(await reasonOf(written("--b--", "multipart/form-datax; boundary=b"))).toBe("type");
  });

  it("keeps the file of a field whose name ends in a backslash", async () => {
    expect(await partsOf(formOf(["a\\", new Blob(["x"], { type: "text/plain" }), "x"]))).toEqual([
      ["a\\", "x", "text/plain", "x"],
    ]);
  });

  it("takes a form without fields, as it is sent of an empty FormData", async () => {
    expect(await partsOf(formOf())).toEqual([]);
    expect(await partsOf(written("--b--\r\n"))).toEqual([]);
    // As Node 20.19 and Deno write it.
    expect(await partsOf(written("--b--"))).toEqual([]);
  });

  it("passes over the file of an input in which nothing was chosen, and over what stands around the parts", async () => {
    const none = 'content-disposition:form-data;name="f";filename=""\r\nContent-Type: application/octet-stream\r\n';
    const text = 'Content-Disposition: form-data; name="t"\r\n';
    const form = `preamble\r\n--b\r\n${none}\r\n\r\n--b\r\n${text}\r\n1\r\n--b--\r\nepilogue`;
    expect(await partsOf(written(form))).toEqual([["t", "1"]]);
    const named = `--b\r\n${none}\r\nbytes\r\n--b--`;
    expect(await partsOf(written(named))).toEqual([["f", "", "application/octet-stream", "bytes"]]);
  });

  it("gives a file while its form is still being sent, and asks for no more of it than is read", async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const head = '--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n';
          controller.enqueue(sent++ === 0 ? new TextEncoder().encode(head) : new Uint8Array(MIB));
        },
      },
      { highWaterMark: 0 },
    );
    const headers = new Headers({ "content-type": "multipart/form-data; boundary=b" });
    for await (const part of readForm({ headers, body })) {
      if (part.kind === "text") continue;
      const reader = part.body.getReader();
      let size = 0;
      while (size < 10 * MIB) size += (await reader.read()).value?.byteLength ?? 0;
      expect(sent).toBeLessThanOrEqual(13);
      break;
    }
    // The rest is read on, so that the client sees an answer, but not for ever.
    await expect.poll(() => sent).toBeGreaterThan(70);
    const after = sent;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([sent, sent < 90]).toEqual([after, true]);
  });

  it("lets a file be left, whole or in the midst, and goes on with the next part", async () => {
    const big = new Blob([new Uint8Array(3 * MIB)]);
    const seen: string[] = [];
    for await (const part of readForm(formOf(["a", big, "a"], ["b", big, "b"], ["c", big, "c"], ["d", "end"]))) {
      seen.push(part.field);
      if (part.kind === "file" && part.field === "b") await part.body.getReader().read();
      if (part.kind === "file" && part.field === "c") await part.body.cancel();
    }
    expect(seen).toEqual(["a", "b", "c", "d"]);
  });

  it.each(["the next part", "the end of the loop"])("an upload that nobody awaited stores nothing: %s", async (way) => {
    const store = memory();
    const uploads: Promise<unknown>[] = [];
    const big = new Blob([new Uint8Array(MIB)]);
    for await (const part of readForm(formOf(["a", big, "a"], ["b", "2"]))) {
      if (part.kind === "file") uploads.push(store.upload("a", part.body));
      if (way === "the end of the loop") break;
    }
    await expect(uploads[0]).rejects.toThrow(/before this file was read; await what reads it/);
    expect(await store.exists("a")).toBe(false);
  });

  const text = 'Content-Disposition: form-data; name="t"\r\n';
  const file = 'Content-Disposition: form-data; name="f"; filename="f"\r\n';
  it.each([
    ["another type", written("a=1", "application/x-www-form-urlencoded"), "type"],
    ["no type", { headers: new Headers(), body: null }, "type"],
    ["no boundary", written("--b--", "multipart/form-data"), "malformed"],
    [
      "no body",
      { headers: new Headers({ "content-type": "multipart/form-data; boundary=b" }), body: null },
      "malformed",
    ],
    ["text instead of parts", written("b--"), "malformed"],
    [
      "much before its parts",
      inPieces("x".repeat(5000), "x".repeat(5000), `\r\n--b\r\n${text}\r\nx\r\n--b--`),
      "malformed",
    ],
    ["a first boundary within a line", written(` --b\r\n${text}\r\nx\r\n--b\r\n${text}\r\ny\r\n--b--`), "malformed"],
    ["a part without a name", written("--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"), "malformed"],
    [
      "a part that is encoded",
      written(`--b\r\n${file}Content-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--`),
      "malformed",
    ],
    ["a head without end", written(`--b\r\n${"a: b\r\n".repeat(101)}`), "malformed"],
    ["a line without end", written(`--b\r\n${"a".repeat(9000)}`), "malformed"],
    ["a boundary that goes on", written(`--b\r\n${file}\r\nx\r\n--bc\r\n--b--`), "malformed"],
    [
      "a name that is not UTF-8",
      written("--b\r\nContent-Disposition: form-data; name=f; filename*=UTF-8''%ff\r\n\r\nx\r\n--b--"),
      "malformed",
    ],
    ["a filename without quotes that needs them", headed("form-data; name=f; filename=my file.txt"), "malformed"],
    ["a filename whose quotes do not end", headed('form-data; name="f"; filename="abc'), "malformed"],
    ["a disposition over two lines", headed('form-data; name="f";\r\n filename="x"'), "malformed"],
    ["a line in a head that is no header", headed('form-data; name="f"\r\nfilename="x"'), "malformed"],
    ["a header of two words", headed('form-data; name="f"\r\nContent type: image/png'), "malformed"],
    ["a head of many lines", headed(`form-data; name="f"\r\n${lines(99)}`), "malformed"],
    [
      "a line that ends otherwise in a header that nobody reads",
      headed('form-data; name="f"\r\nX: y\nZ: z'),
      "malformed",
    ],
    ["a line that ends otherwise", headed('form-data; name="f"\nContent-Type: image/png'), "malformed"],
    ["a header twice", headed('form-data; name="f"\r\nContent-Disposition: form-data; name="g"'), "malformed"],
    ["a filename within a word", headed('form-da; filename="x"ta; name="f"'), "malformed"],
    ["two filenames", headed('form-data; name="f"; filename="a"; filename="b"'), "malformed"],
    ["a filename in Latin 1 of its own", headed("form-data; name=f; filename*=ISO-8859-1''a%E9.txt"), "malformed"],
    ["a filename in pieces", headed("form-data; name=f; filename*0=a; filename*1=.txt"), "malformed"],
    ["a name with an encoding of its own", headed("form-data; name=f; name*=UTF-8''g"), "malformed"],
    [
      "two boundaries",
      written(`--b\r\n${text}\r\nx\r\n--b--`, "multipart/form-data; boundary=b; boundary=c"),
      "malformed",
    ],
    [
      "a boundary within another parameter",
      written(`--b\r\n${text}\r\nx\r\n--b--`, 'multipart/form-data; a="; boundary=b;"; boundary=c'),
      "malformed",
    ],
    ["text behind its end", written(`--b\r\n${file}\r\nx\r\n--b--y\r\n--b--`), "malformed"],
    ["another disposition", headed('attachment; name="f"'), "malformed"],
    ["the form's own type as a disposition", headed('multipart/form-data; name="f"'), "malformed"],
    [
      "a field in another charset",
      headed('form-data; name="f"\r\nContent-Type: text/plain; charset="iso-2022-jp"'),
      "malformed",
    ],
    ["a cut file", written(`--b\r\n${file}\r\nx\r\n--`), "cut"],
    ["a cut field", written(`--b\r\n${text}\r\nx`), "cut"],
    ["a cut end", written(`--b\r\n${text}\r\nx\r\n--b-`), "cut"],
    ["a long field", formOf(["t", "x".repeat(64 * 1024 + 1)]), "size"],
    ["many fields", formOf(...Array.from({ length: 101 }, (_, n) => [`${n}`, ""] as const)), "size"],
  ])("refuses a form with %s", async (_, request, reason) => {
    expect(await reasonOf(request as FormRequest)).toBe(reason);
  });

  it("says of too many files that files count too", async () => {
    const form = new FormData();
    for (const name of ["a", "b"]) form.append("f", new Blob(["x"]), name);
    const reading = (async () => {
      for await (const part of readForm(new Request("http://x/", { method: "POST", body: form }), { maxParts: 1 }))
        if (part.kind === "file") await new Response(part.body).text();
    })();
    await expect(reading).rejects.toMatchObject({ message: "the form has more than 1 fields and files" });
  });

  it("gives nothing more after a file that cannot be read to its end", async () => {
    const seen: string[] = [];
    const reading = (async () => {
      for await (const part of readForm(written(`--b\r\n${file}\r\nx\r\n--bc\r\n--b\r\n${text}\r\ny\r\n--b--`))) {
        seen.push(part.field);
        if (part.kind === "file") await new Response(part.body).text().catch(() => {});
      }
    })();
    await expect(reading).rejects.toMatchObject({ reason: "malformed" });
    expect(seen).toEqual(["f"]);
  });

  it("refuses names that are not UTF-8, of which others would be made", async () => {
    const body = new Blob([
      '--b\r\nContent-Disposition: form-data; name="f"; filename="na',
      Uint8Array.of(0xef),
      've"\r\n\r\nx\r\n--b--',
    ]);
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    expect(await reasonOf(new Request("http://localhost/", { method: "POST", body, headers }))).toBe("malformed");
  });

  it("refuses bytes that are no text where no file is", async () => {
    const body = new Blob([`--b\r\n${text}\r\n`, Uint8Array.of(0xff), "\r\n--b--"]);
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    expect(await reasonOf(new Request("http://localhost/", { method: "POST", body, headers }))).toBe("malformed");
  });

  it("takes as much as its options say, and no other option", async () => {
    const form = (): Request => formOf(["a", "123"], ["b", "1"]);
    expect(await reasonOf(form(), { maxTextSize: 2 })).toBe("size");
    expect(await reasonOf(form(), { maxParts: 1 })).toBe("size");
    expect(await partsOf(form(), { maxTextSize: 3, maxParts: 2 })).toHaveLength(2);
    for (const options of [{ maxFiles: 1 }, { maxParts: -1 }, { maxTextSize: 1.5 }, { maxParts: null }])
      await expect(partsOf(form(), options as FormOptions)).rejects.toMatchObject({ code: "invalid-option" });
  });

  it("does not take for an empty form what somebody has read before", async () => {
    const request = formOf(["a", "1"]);
    await request.formData();
    await expect(partsOf(request)).rejects.toThrow(/was read before/);
    // By a parser of what is no form, as a host may have: then that is what is wrong.
    const other = written("{}", "application/json");
    await other.json();
    expect(await reasonOf(other)).toBe("type");
  });

  it("says to clients what is wrong: 415, 400 and 413", async () => {
    const statuses = await Promise.all(
      [written("{}", "application/json"), written(`--b\r\n${file}\r\nx`), formOf(["t", "x".repeat(70_000)])].map(
        async (request) => toResponse(await partsOf(request).catch((error: unknown) => error)).status,
      ),
    );
    expect(statuses).toEqual([415, 400, 413]);
  });

  it("goes through the guard into a store, and a file that is cut is not stored", async () => {
    const store = memory();
    const save = async (request: Request): Promise<unknown> => {
      for await (const part of readForm(request)) {
        if (part.kind === "text") continue;
        const { body, contentType, filename } = await guard(part, { types: ["image/*"], maxSize: MIB });
        return store.upload(filename, body, { contentType });
      }
    };
    const gif = "GIF89a-and-more";
    await save(formOf(["f", new Blob([gif], { type: "image/gif" }), "../a.gif"]));
    const stored = await store.download("a.gif");
    expect([await stored.text(), stored.contentType]).toEqual([gif, "image/gif"]);
    const cut = `--b\r\nContent-Disposition: form-data; name="f"; filename="b.gif"\r\nContent-Type: image/gif\r\n\r\n${gif}`;
    await expect(save(written(cut))).rejects.toMatchObject({ reason: "cut" });
    await expect(save(formOf(["f", new Blob(["no"], { type: "image/gif" }), "c.gif"]))).rejects.toMatchObject({
      reason: "content",
    });
    expect([await store.exists("b.gif"), await store.exists("c.gif")]).toEqual([false, false]);
  });

  it.each<[string, string, boolean]>([
    ["on a connection that ends with the answer", "close", true],
    ["on one that is kept", "keep-alive", false],
    ["on workerd, which reads nothing after the answer", "keep-alive", true],
  ])("answers a form that was left when the rest is read: %s", async (host, connection, awaited) => {
    if (host.startsWith("on workerd")) vi.stubGlobal("FixedLengthStream", TransformStream);
    onTestFinished(() => void vi.unstubAllGlobals());
    let [left, go] = [3, (): void => {}];
    const gone = new Promise<void>((resolve) => (go = resolve));
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          if (left < 3) await gone;
          controller.enqueue(new TextEncoder().encode(left === 3 ? `--b\r\n${file}\r\nx` : "x"));
          if (--left === 0) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const headers = new Headers({ "content-type": "multipart/form-data; boundary=b", connection });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const part of readForm({ headers, body })) {
        seen.push(part.kind);
        break;
      }
      seen.push(`${left} left`);
    })();
    await expect.poll(() => seen).toContain("file");
    if (!awaited) await reading;
    go();
    await reading;
    expect(seen).toEqual(["file", awaited ? "0 left" : "2 left"]);
  });

  it("reads a request of Node's own server, whose client sees the answer to a form that was left", async () => {
    const answers: unknown[] = [];
    const server = createServer((request: IncomingMessage, response) => {
      void (async () => {
        for await (const part of readForm(request)) {
          if (part.kind === "text") answers.push([part.field, part.value]);
          else break;
        }
        response.writeHead(413).end("no");
      })();
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const form = new FormData();
    form.append("t", "1");
    form.append("f", new Blob([new Uint8Array(20 * MIB)]), "f");
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: form });
    expect([answer.status, await answer.text(), answers]).toEqual([413, "no", [["t", "1"]]]);
  });
});

describe("readForm and the runtime's own reader", () => {
  const latin = async (body: Blob | ReadableStream): Promise<string> =>
    Buffer.from(await new Response(body).arrayBuffer()).toString("latin1");

  async function read(body: ReadableStream<Uint8Array>): Promise<readonly Field[]> {
    const fields: Field[] = [];
    for await (const part of readForm({ headers: new Headers({ "content-type": TYPE }), body })) {
      if (part.kind === "text") fields.push([part.field, part.value]);
      else fields.push([part.field, part.name, part.type ?? "text/plain", await latin(part.body)]);
    }
    return fields;
  }

  async function readByRuntime(bytes: Buffer): Promise<readonly Field[]> {
    const form = await new Response(new Uint8Array(bytes), { headers: { "content-type": TYPE } }).formData();
    const fields = [...form].map(async ([name, value]): Promise<Field> =>
      typeof value === "string" ? [name, value] : [name, value.name, value.type, await latin(value)],
    );
    return Promise.all(fields);
  }

  it("read what the runtime has written, names and look-alikes of boundaries of any kind", async () => {
    const { form, pieces } = randomForms(1);
    for (let run = 0; run < 200; run++) {
      const { fields, bytes } = await form(20_000);
      expect(await read(pieces(bytes))).toEqual(fields);
      expect(await readByRuntime(bytes)).toEqual(fields);
      const harder = await form(2000, hard);
      expect(await read(pieces(harder.bytes))).toEqual(harder.fields);
    }
  });

  it("never read two different forms in bytes that were changed: one of them refuses", async () => {
    const { form, changed, pieces } = randomForms(2);
    const tally = { refused: 0, equal: 0 };
    for (let run = 0; run < 500; run++) {
      const bytes = changed((await form(20)).bytes);
      const [ours, theirs] = await Promise.allSettled([read(pieces(bytes)), readByRuntime(bytes)]);
      if (ours.status === "rejected") expect(ours.reason).toMatchObject({ name: "FormError" });
      if (ours.status === "rejected" || theirs.status === "rejected") tally.refused++;
      else {
        // A type that is none becomes another for each.
        const told = (fields: readonly Field[]): unknown => fields.map((field) => field.toSpliced(2, field.length - 3));
        expect(told(ours.value), JSON.stringify(bytes.toString("latin1"))).toEqual(told(theirs.value));
        tally.equal++;
      }
    }
    // Neither is all that happens.
    expect([tally.refused > 50, tally.equal > 50], JSON.stringify(tally)).toEqual([true, true]);
  });
});
