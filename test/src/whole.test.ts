import { describe, expect, it } from "vitest";
import { collect, cut, noise, source } from "../../src/conformance/bytes.ts";
import { checkRead, checkWrite, pageOf, readAll, streamOf } from "../../src/whole.ts";

const info = (key: string) => ({ key, size: 1, etag: `"${key}"` });

describe("readAll", () => {
  it("gives a copy of bytes, and what a stream holds, whether its size was declared or not", async () => {
    const bytes = noise(5000);
    const copy = await readAll({ bytes });
    expect(copy).toEqual(bytes);
    expect(copy.buffer).not.toBe(bytes.buffer);
    const { stream } = source(cut(bytes, [999]));
    expect(await readAll({ stream })).toEqual(bytes);
    expect(await readAll({ stream: source(cut(bytes, [7, 2000])).stream, size: 5000 })).toEqual(bytes);
  });

  it("rejects on a length that is not the declared one, and lets the stream go", async () => {
    const long = source(cut(noise(5000), [999]), { hang: () => {} });
    await expect(readAll({ stream: long.stream, size: 10 })).rejects.toMatchObject({ code: "invalid-option" });
    expect(await long.over).toBe("cancelled");
    for (const size of [11, Number.MAX_SAFE_INTEGER]) {
      const short = source(cut(noise(10), [999])).stream;
      await expect(readAll({ stream: short, size })).rejects.toMatchObject({ code: "invalid-option" });
    }
  });

  it("rejects with the signal's reason while the source is silent", async () => {
    const control = new AbortController();
    const reason = new Error("enough");
    const silent = source([noise(10)], { hang: () => control.abort(reason) });
    await expect(readAll({ stream: silent.stream }, control.signal)).rejects.toBe(reason);
    expect(await silent.over).toBe("cancelled");
  });
});

describe("streamOf", () => {
  it("gives all bytes in pieces of its own, and errors when it is aborted", async () => {
    const bytes = noise(600_000);
    const control = new AbortController();
    expect(await collect(streamOf(bytes))).toEqual(bytes);
    const reader = streamOf(bytes, control.signal).getReader();
    expect((await reader.read()).value?.buffer).not.toBe(bytes.buffer);
    control.abort("enough");
    await expect(reader.read()).rejects.toBe("enough");
  });
});

describe("checkRead and checkWrite", () => {
  it.each([
    [{ ifMatch: '"a"' }, undefined],
    [{ ifMatch: "*" }, undefined],
    [{ ifNoneMatch: '"b"' }, undefined],
    [{ ifMatch: '"b"' }, "precondition-failed"],
    [{ ifNoneMatch: '"a"' }, "not-modified"],
    [{ ifNoneMatch: "*" }, "not-modified"],
  ])("a read with %j is %s", (options, code) => {
    const read = () => checkRead(info("a"), options);
    if (code === undefined) expect(read()).toBeUndefined();
    else expect(read).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    [info("a"), { ifMatch: '"a"' }, true],
    [info("a"), { ifMatch: "*" }, true],
    [info("a"), { ifMatch: '"b"' }, false],
    [info("a"), { ifNoneMatch: "*" }, false],
    [null, { ifNoneMatch: "*" }, true],
    [null, { ifMatch: "*" }, false],
    [undefined, { ifMatch: '"a"' }, false],
  ] as const)("a write over %j with %j passes: %s", (there, options, passes) => {
    const write = () => checkWrite(there, options);
    if (passes) expect(write()).toBeUndefined();
    else expect(write).toThrow(expect.objectContaining({ code: "precondition-failed" }));
  });
});

describe("pageOf", () => {
  it("gives pages in UTF-8 byte order, each prefix once, that go on where the one before ended", () => {
    const all = ["b/2", "😀", "a", "b/1", "\uff5e", "c"].map(info);
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = pageOf(all, { prefix: "", delimiter: "/", limit: 2, ...(cursor && { cursor }) });
      seen.push([page.objects.map(({ key }) => key), page.prefixes]);
      cursor = page.cursor;
    } while (cursor);
    expect(seen).toEqual([
      [["a"], ["b/"]],
      [["c", "\uff5e"], []],
      [["😀"], []],
    ]);
  });
});
