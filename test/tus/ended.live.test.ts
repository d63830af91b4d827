import { describe, expect, it } from "vitest";
import { moduleOf, type Substitutions } from "../docs/snippet.ts";
import { gc } from "../support/garbage.ts";
import { guide } from "./served.ts";
import { file, MIB, setUp, stores } from "./setup.ts";

/** Bytes of objects that something still holds. */
function held(): number {
  gc();
  return process.memoryUsage().heapUsed;
}

describe.each(stores)("what the guide's server for tus ends, joins and refuses, on $name", ({ name, make }) => {
  const { at, begin, keyOf, expectStored, keysBelow, uploadsOf, ask, offsetOf, create, patch } = setUp(make);
  const isMinio = name === "minio";

  it("ends an upload when its client says so", async () => {
    const url = await create(file.length);
    expect((await patch(url, 0, file.subarray(0, 9 * MIB))).headers.get("upload-offset")).toBe(`${9 * MIB}`);
    expect((await uploadsOf(url)).length).toBe(1);
    expect((await ask("DELETE", url)).status).toBe(204);
    expect([await keysBelow(""), await uploadsOf(url)]).toEqual([[], []]);
    expect([(await ask("HEAD", url)).status, (await patch(url, 0, file.subarray(0, 3))).status]).toEqual([404, 404]);
  });

  it("sweeps what has expired, whatever state it is in, and nothing else", async () => {
    const url = await create(file.length);
    await patch(url, 0, file.subarray(0, 9 * MIB));
    const whole = await create(3);
    await patch(whole, 0, file.subarray(0, 3));
    // What a disk that was full has left, and the piece of a process that was the slower one.
    await at.store.upload("tus/00000000-0000-0000-0000-000000000000/upload.json", "{");
    await at.store.upload("tus/11111111-1111-1111-1111-111111111111/22222222-2222-2222-2222-222222222222", "piece");
    const load = (changes: Substitutions): Promise<{ sweep: () => Promise<void> }> =>
      moduleOf(guide(), { ...at.values, ...changes });
    await (await load({})).sweep();
    expect(await offsetOf(url)).toBe(9 * MIB);
    expect(await keysBelow("tus/")).toHaveLength(5);
    await (
      await load({ "Date.now() - SECONDS": "Date.now() + SECONDS", "olderThan: SECONDS": "olderThan: 0" })
    ).sweep();
    expect(await keysBelow("")).toEqual([keyOf(whole)]);
    // MinIO, which lists those of a whole key alone, ends them by itself.
    if (!isMinio) expect(await uploadsOf(url)).toEqual([]);
  });

  it("begins an upload anew that the store has ended", async () => {
    let reached = (): void => {};
    const half = new Promise<void>((resolve) => (reached = resolve));
    const { upload, done } = begin({ chunkSize: 3 * MIB, onProgress: (sent) => sent > 5 * MIB && reached() });
    await half;
    const first = upload.url;
    for await (const { key, uploadId } of at.store.listUploads({ prefix: keyOf(first) }))
      await (await at.store.resumeMultipartUpload(key, uploadId)).abort();
    await done;
    expect(upload.url).not.toBe(first);
    await expectStored(upload.url);
  });

  it("keeps few pieces of a client that sends many", async () => {
    const url = await create(100);
    let most = 0;
    for (let offset = 0; offset < 100; offset++) {
      expect((await patch(url, offset, file.subarray(offset, offset + 1))).status).toBe(204);
      if (offset % 30 === 29) most = Math.max(most, (await keysBelow("tus/")).length);
    }
    expect(most).toBeLessThanOrEqual(34);
    await expectStored(url, file.subarray(0, 100));
  });

  it("holds little more than the bytes of a client that sends them one by one", async () => {
    const pieces = 2 ** 19;
    const url = await create(pieces + 1);
    const { tus } = await moduleOf<{ tus: (request: Request) => Promise<Response> }>(guide(), at.values);
    const headers = {
      "tus-resumable": "1.0.0",
      "content-type": "application/offset+octet-stream",
      "upload-offset": "0",
    };
    const before = held();
    let most = 0;
    let given = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (++given <= pieces) return controller.enqueue(file.subarray(given - 1, given));
          most = held();
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const answer = await tus(new Request(url, { method: "PATCH", headers, body, duplex: "half" } as RequestInit));
    expect([answer.status, answer.headers.get("upload-offset")]).toEqual([204, `${pieces}`]);
    expect(most - before).toBeLessThan(16 * MIB);
    expect((await patch(url, pieces, file.subarray(pieces, pieces + 1))).status).toBe(204);
    await expectStored(url, file.subarray(0, pieces + 1));
  });

  it("takes a file whose name or type says nothing", async () => {
    const type = Buffer.from("bär").toString("base64");
    const url = await create(3, { "upload-metadata": `filename A,filetype ${type}` });
    expect((await patch(url, 0, file.subarray(0, 3))).status).toBe(204);
    expect((await at.store.head(keyOf(url)))?.contentType).toBe("application/octet-stream");
  });

  it("goes on with no upload that has expired", async () => {
    const [url, whole] = [await create(10), await create(3)];
    await patch(whole, 0, file.subarray(0, 3));
    for (const one of [url, whole]) {
      const record = `tus/${one.split("/").at(-1)}/upload.json`;
      const upload = await (await at.store.download(record)).json<object>();
      await at.store.upload(record, JSON.stringify({ ...upload, expires: Date.now() - 1000 }));
    }
    expect([(await ask("HEAD", url)).status, (await patch(url, 0, file.subarray(0, 3))).status]).toEqual([410, 410]);
    expect(await offsetOf(whole)).toBe(3);
  });

  it("goes on with a request while another one is refused", async () => {
    const url = await create(10);
    const sent = new TransformStream<Uint8Array, Uint8Array>();
    const typed = { "content-type": "application/offset+octet-stream", "upload-offset": "0" };
    const headers = { "tus-resumable": "1.0.0", ...typed };
    const good = fetch(url, { method: "PATCH", headers, body: sent.readable, duplex: "half" } as RequestInit);
    const writer = sent.writable.getWriter();
    await writer.write(file.subarray(0, 5));
    // Time for it to arrive.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await ask("PATCH", url, { ...typed, "content-type": "text/plain" }, "hello")).status).toBe(415);
    await writer.write(file.subarray(5, 10));
    await writer.close();
    expect((await good).status).toBe(204);
    await expectStored(url, file.subarray(0, 10));
  });

  it("takes an empty file, and refuses what the protocol says", async () => {
    const { upload, done } = begin({}, Buffer.alloc(0));
    await done;
    await expectStored(upload.url, Buffer.alloc(0));

    const url = await create(10);
    const typed = { "content-type": "application/offset+octet-stream", "upload-offset": "0" };
    const status = async (method: string, to: string, headers: Record<string, string>, body?: string) =>
      (await ask(method, to, headers, body)).status;
    expect(await status("HEAD", url, { "tus-resumable": "0.2.2" })).toBe(412);
    expect(await status("PATCH", url, { ...typed, "upload-offset": "5" }, "hello")).toBe(409);
    expect(await status("PATCH", url, { ...typed, "content-type": "text/plain" }, "hello")).toBe(415);
    expect(await status("PATCH", url, typed, "hello, world")).toBe(413);
    expect(await status("POST", url, { "x-http-method-override": "PATCH", ...typed }, "hello")).toBe(204);
    expect(await offsetOf(url)).toBe(5);
    expect(await status("PATCH", url, { ...typed, "upload-offset": "5 x" }, "hello")).toBe(400);
    for (const length of ["-1", "", "0x10", "1e3"])
      expect(await status("POST", at.served.endpoint, { "upload-length": length })).toBe(400);
    expect(await status("POST", at.served.endpoint, {})).toBe(400);
    expect(await status("POST", at.served.endpoint, { "upload-length": `${2 ** 50}` })).toBe(413);
    expect(await status("GET", url, {})).toBe(405);
    expect(await status("HEAD", `${at.served.endpoint}/..%2f`, {})).toBe(404);
    const options = await fetch(at.served.endpoint, { method: "OPTIONS" });
    expect(options.headers.get("tus-extension")).toBe("creation,expiration,termination");
  });
});
