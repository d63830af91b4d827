import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import type { ClientResponse } from "./client.ts";
import { startGuide } from "./served.ts";
import { file, MIB, setUp, stores } from "./setup.ts";

describe.each(stores)("the guide's server for tus, on $name", ({ make }) => {
  const { at, begin, keyOf, expectStored, expectBytes, keysBelow, uploadsOf, offsetOf, create, patch } = setUp(make);

  it("takes a file in one request, with its name and type", async () => {
    const { upload, done } = begin({ metadata: { filename: "Bär.mp4", filetype: "video/mp4" } });
    await done;
    await expectStored(upload.url);
    const info = await at.store.head(keyOf(upload.url));
    expect(info?.contentType).toBe("video/mp4");
    expect(info?.contentDisposition).toBe(`attachment; filename="B_r.mp4"; filename*=UTF-8''B%C3%A4r.mp4`);
    expect(await offsetOf(upload.url)).toBe(file.length);
    // What the app does with the file is no matter of the client's.
    await at.store.move(keyOf(upload.url), "elsewhere");
    expect(await offsetOf(upload.url)).toBe(file.length);
  });

  it("takes pieces far smaller than a part, each of which counts", async () => {
    const accepted: number[] = [];
    const { upload, done } = begin({ chunkSize: 777_777, onChunkComplete: (_, count) => accepted.push(count) });
    await done;
    await expectStored(upload.url);
    expect(accepted).toHaveLength(Math.ceil(file.length / 777_777));
  });

  it("goes on behind what came before each cut", async () => {
    let cuts = 0;
    at.served.line.cutAfter = () => (cuts++ < 12 ? 1_500_000 + cuts * 333_333 : Infinity);
    const offsets: number[] = [];
    const onAfterResponse = (_: unknown, response: ClientResponse): void => {
      offsets.push(Number(response.getHeader("Upload-Offset") ?? 0));
    };
    const { upload, done } = begin({ onAfterResponse });
    await done;
    await expectStored(upload.url);
    expect(cuts).toBeGreaterThan(6);
    // What lay in a socket when the client came back does not count; what counted once does, also where it fills no part.
    expect(offsets).toEqual(offsets.toSorted((one, other) => one - other));
    expect(new Set(offsets).size).toBeGreaterThan(4);
  });

  it("is paused, and goes on from another client where it was", async () => {
    let pause = (): void => {};
    const paused = new Promise<void>((resolve) => (pause = resolve));
    const { upload } = begin({ onProgress: (sent) => sent > 11 * MIB && pause() });
    await paused;
    await upload.abort();
    const offset = await offsetOf(upload.url);
    expect(offset).toBeGreaterThan(0);
    const sent: number[] = [];
    await begin({ uploadUrl: upload.url ?? "", onProgress: (bytes) => sent.push(bytes) }).done;
    expect(sent[0]).toBeGreaterThanOrEqual(offset);
    await expectStored(upload.url);
  });

  it("loses no more than a part when its process is killed, and no byte of the file", async () => {
    let reached = (): void => {};
    const half = new Promise<void>((resolve) => (reached = resolve));
    const { upload, done } = begin({ chunkSize: 3 * MIB, onProgress: (sent) => sent > 10 * MIB && reached() });
    await half;
    await at.served.restart();
    expect(await offsetOf(upload.url)).toBeGreaterThanOrEqual(9 * MIB);
    await done;
    await expectStored(upload.url);
  });

  it("stores what a silent connection has brought when its client comes back over another one", async () => {
    const url = await create(file.length);
    const { host, hostname, port, pathname } = new URL(url);
    const silent = connect(Number(port), hostname);
    silent.on("error", () => {});
    silent.write(
      `PATCH ${pathname} HTTP/1.1\r\nhost: ${host}\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\n` +
        `content-type: application/offset+octet-stream\r\ncontent-length: ${file.length}\r\n\r\n`,
    );
    silent.write(file.subarray(0, 9 * MIB));
    await expect
      .poll(() => keysBelow("tus/").then(async ([key = ""]) => (await at.store.download(key)).text()))
      .toContain('"partNumber":1');
    // Of the second part what had come.
    const offset = await offsetOf(url);
    expect(offset).toBeGreaterThanOrEqual(8 * MIB);
    expect(offset).toBeLessThanOrEqual(9 * MIB);
    expect((await patch(url, offset, file.subarray(offset))).status).toBe(204);
    await expectStored(url);
    silent.destroy();
  });

  it("of two requests at once makes one file", async () => {
    const url = await create(file.length);
    const answers = await Promise.all([patch(url, 0, file), patch(url, 0, file)].map((one) => one.catch(() => null)));
    for (const answer of answers) expect([204, 409, undefined]).toContain(answer?.status);
    for (let offset = await offsetOf(url); offset < file.length; offset = await offsetOf(url))
      await patch(url, offset, file.subarray(offset, offset + 5 * MIB));
    await expectStored(url);
  });

  it("of two processes makes one file", async () => {
    const other = await startGuide(at.values);
    try {
      const url = await create(file.length);
      const there = url.replace(at.served.endpoint, other.endpoint);
      for (let offset = 0; offset < file.length; offset = await offsetOf(url)) {
        const both = [
          patch(url, offset, file.subarray(offset, offset + 3 * MIB)),
          patch(there, offset, file.subarray(offset, offset + 5 * MIB)),
        ];
        const statuses = await Promise.all(
          both.map((one) =>
            one.then(
              ({ status }) => status,
              () => null,
            ),
          ),
        );
        // A refusal closes the connection, so that its answer may be lost.
        for (const status of statuses) expect([204, 409, null]).toContain(status);
        expect(statuses).toContain(204);
      }
      // A piece of the slower one may be left, which goes when the upload expires.
      await expectBytes(url, file);
      expect(await uploadsOf(url)).toEqual([]);
    } finally {
      await other.close();
    }
  });
});
