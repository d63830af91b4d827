/** Multipart uploads that the caller drives. */
import { failure, ok, rejects, same, sameBytes } from "./assert.ts";
import { cut, noise, OTHER, source } from "./bytes.ts";
import type { Case } from "./case.ts";
import { StorageError } from "../error.ts";

const needs = ["multipart"] as const;

/** Multipart uploads, and their refusal without the capability. */
export const multipartCases: readonly Case[] = [
  {
    name: "multipart: is unsupported where the driver has none, and refused before anything else is asked",
    lacks: ["multipart"],
    async run({ driver, prefix }) {
      await rejects("unsupported", () => driver.createMultipartUpload(`${prefix}x`), "createMultipartUpload");
      await rejects(
        "invalid-key",
        () => driver.createMultipartUpload(`${prefix}..`.replace(/[^/]*$/, "..")),
        "createMultipartUpload of an invalid key",
      );
    },
  },
  {
    name: "multipart: parts in any order make the object",
    needs,
    async run({ driver, prefix, partSize }) {
      const key = `${prefix}parts.png`;
      const bytes = noise(2 * partSize + 5, 13);
      const upload = await driver.createMultipartUpload(key, { metadata: { a: "ü" }, cacheControl: "no-cache" });
      ok(upload.key === key && upload.uploadId.length > 0, "it must say its key and id");
      const second = await upload.uploadPart(2, bytes.subarray(partSize, 2 * partSize));
      const third = await upload.uploadPart(3, bytes.subarray(2 * partSize));
      const first = await upload.uploadPart(1, bytes.subarray(0, partSize));
      same([first.partNumber, second.partNumber, third.partNumber], [1, 2, 3], "part numbers");
      ok(third.size === undefined || third.size === 5, `the size of a part must be its own, got ${third.size}`);
      same(await driver.exists(key), false, "exists before complete");
      const info = await upload.complete([third, first, second]);
      same(
        [info.key, info.size, info.contentType, info.metadata],
        [key, bytes.byteLength, "image/png", { a: "ü" }],
        "what complete gives",
      );
      const read = await driver.download(key);
      same([read.etag, read.metadata, read.cacheControl], [info.etag, { a: "ü" }, "no-cache"], "what download gives");
      sameBytes(await read.bytes(), bytes, "bytes");
    },
  },
  {
    name: "multipart: a part can be a string, a Blob or a stream, and be sent again",
    needs,
    async run({ driver, prefix, partSize }) {
      const key = `${prefix}kinds`;
      const [first, last] = [noise(partSize, 14), noise(1000, 15)];
      const upload = await driver.createMultipartUpload(key);
      await upload.uploadPart(1, noise(partSize, 99));
      const one = await upload.uploadPart(1, source(cut(first, [65_537])).stream);
      const two = await upload.uploadPart(2, new Blob([noise(partSize, 16)]));
      const three = await upload.uploadPart(3, last);
      const four = await upload.uploadPart(3, "text");
      ok(three.etag !== four.etag, "a part sent again with other bytes must have another etag");
      await upload.complete([one, two, four]);
      const bytes = await (await driver.download(key)).bytes();
      sameBytes(bytes.subarray(0, partSize), first, "first part");
      sameBytes(bytes.subarray(partSize, 2 * partSize), noise(partSize, 16), "second part");
      same(new TextDecoder().decode(bytes.subarray(2 * partSize)), "text", "third part");
    },
  },
  {
    name: "multipart: abort stores nothing and can be repeated",
    needs,
    async run({ driver, prefix }) {
      const key = `${prefix}aborted`;
      await driver.upload(key, "old");
      const upload = await driver.createMultipartUpload(key);
      const part = await upload.uploadPart(1, "new");
      await upload.abort();
      await upload.abort();
      same(await (await driver.download(key)).text(), "old", "what is there");
      const error = await failure(() => upload.complete([part]), "complete after abort");
      ok(StorageError.is(error), `complete after abort must reject with a StorageError, got ${String(error)}`);
    },
  },
  {
    name: "multipart: an upload under way is no object: lists, reads, copies and deletes do not see it",
    needs,
    async run({ driver, prefix }) {
      const key = `${prefix}unseen/x`;
      const upload = await driver.createMultipartUpload(key);
      const part = await upload.uploadPart(1, "x");
      const keys: string[] = [];
      for await (const entry of driver.list({ prefix })) keys.push(entry.key ?? entry.prefix);
      for await (const entry of driver.list({ prefix, delimiter: "/" })) keys.push(entry.key ?? entry.prefix);
      same([keys, await driver.head(key), await driver.deletePrefix(prefix)], [[], null, 0], "what is seen");
      await rejects("not-found", () => driver.download(key), "download");
      await rejects("not-found", () => driver.copy(key, `${prefix}copy`), "copy");
      await driver.delete(key);
      await upload.complete([part]);
      same(await (await driver.download(key)).text(), "x", "what it has become");
    },
  },
  {
    name: "multipart: an id that was never given is not found, and can be aborted",
    needs: ["multipart", "uploads"],
    async run({ driver, prefix }) {
      const key = `${prefix}never`;
      const known = await driver.createMultipartUpload(`${key} known`);
      for (const id of [crypto.randomUUID(), known.uploadId]) {
        const upload = await driver.resumeMultipartUpload(key, id);
        await rejects("not-found", () => upload.parts(), `parts of ${id}`);
        await rejects("not-found", () => upload.uploadPart(1, "x"), `uploadPart of ${id}`);
        await upload.abort();
      }
      same(await known.parts(), [], "parts of the one that is there");
      await known.abort();
    },
  },
  {
    name: "multipart: part numbers and lists of parts are checked",
    needs,
    async run({ driver, prefix }) {
      const upload = await driver.createMultipartUpload(`${prefix}checked`);
      for (const number of [0, -1, 1.5, 10_001])
        await rejects("invalid-option", () => upload.uploadPart(number, "x"), `part ${number}`);
      const part = await upload.uploadPart(1, "x");
      await rejects("invalid-option", () => upload.complete([]), "complete without parts");
      await rejects("invalid-option", () => upload.complete([part, part]), "complete with a part twice");
      await upload.abort();
    },
  },
  {
    name: "multipart: a wrong part etag completes nothing",
    needs,
    async run({ driver, prefix }) {
      const key = `${prefix}wrong`;
      const upload = await driver.createMultipartUpload(key);
      await upload.uploadPart(1, "x");
      const error = await failure(() => upload.complete([{ partNumber: 1, etag: OTHER }]), "complete");
      ok(StorageError.is(error), `it must be a StorageError, got ${String(error)}`);
      same(await driver.exists(key), false, "exists");
      await upload.abort();
    },
  },
  {
    name: "multipart: ifNoneMatch * holds when it completes",
    needs,
    async run({ driver, prefix }) {
      const key = `${prefix}create`;
      const upload = await driver.createMultipartUpload(key, { ifNoneMatch: "*" });
      const part = await upload.uploadPart(1, "late");
      await driver.upload(key, "early");
      await rejects("precondition-failed", () => upload.complete([part]), "complete");
      same(await (await driver.download(key)).text(), "early", "what is there");
      await upload.abort();
    },
  },
  {
    name: "multipart: send goes on where another process was cut off",
    needs,
    async run({ driver, prefix, partSize }) {
      const key = `${prefix}resumed.png`;
      const bytes = noise(2 * partSize + 5, 17);
      const upload = await driver.createMultipartUpload(key, { size: bytes.byteLength, metadata: { a: "1" } });
      // A failing stream drops what was not read yet, so it fails well after the first part.
      const broken = source(cut(bytes.subarray(0, partSize + 20_000), [5000]), { fail: new Error("cut off") });
      ok(await failure(() => upload.send(() => broken.stream), "send of a source that breaks"), "it must fail");
      same(await driver.exists(key), false, "exists before it is complete");
      const state = JSON.parse(JSON.stringify(upload.state())) as ReturnType<typeof upload.state>;
      const again = await driver.resumeMultipartUpload(state.key, state);
      const whole = Math.floor((partSize + 20_000) / state.partSize) * state.partSize;
      same(await again.offset(), whole, "offset behind what had come of whole parts");
      const loaded: number[] = [];
      const info = await again.send((start) => source(cut(bytes.subarray(start), [100_000])).stream, {
        onProgress: (progress) => loaded.push(progress.loaded),
      });
      same([info.key, info.size, loaded.at(-1)], [key, bytes.byteLength, bytes.byteLength], "what send gives");
      same(await again.offset(), bytes.byteLength, "offset of what is complete");
      const read = await driver.download(key);
      same([read.contentType, read.metadata], ["image/png", { a: "1" }], "headers");
      sameBytes(await read.bytes(), bytes, "bytes");
    },
  },
  {
    name: "multipart: send takes an empty body",
    needs,
    async run({ driver, prefix }) {
      const upload = await driver.createMultipartUpload(`${prefix}empty`);
      same((await upload.send(() => null)).size, 0, "size");
      same((await driver.head(`${prefix}empty`))?.size, 0, "size that head gives");
    },
  },
  {
    name: "multipart: uploads that were left are listed and swept",
    needs: ["multipart", "uploads"],
    async run({ driver, prefix }) {
      const key = `${prefix}left ü+%20&`;
      const upload = await driver.createMultipartUpload(key);
      const other = await driver.createMultipartUpload(`${prefix}other`);
      await upload.uploadPart(1, "x");
      const seen: string[] = [];
      for await (const pending of driver.listUploads({ prefix: key })) seen.push(`${pending.key} ${pending.uploadId}`);
      same(seen, [`${key} ${upload.uploadId}`], "uploads under way");
      same(await driver.sweepUploads({ prefix: key, olderThan: 3600 }), 0, "swept of those older than an hour");
      same(
        (await upload.parts()).map(({ partNumber, size }) => [partNumber, size]),
        [[1, 1]],
        "parts after it",
      );
      same(await driver.sweepUploads({ prefix: key, olderThan: 0 }), 1, "swept of all");
      for await (const pending of driver.listUploads({ prefix: key })) ok(false, `${pending.key} must be gone`);
      await rejects("not-found", () => upload.parts(), "parts of an upload that is over");
      same(await other.parts(), [], "parts of an upload of another key, which must be there");
      await other.abort();
    },
  },
  {
    name: "multipart: uploads are unsupported to list where the driver cannot",
    needs,
    lacks: ["uploads"],
    async run({ driver, prefix }) {
      const upload = await driver.createMultipartUpload(`${prefix}unlisted`);
      await rejects("unsupported", () => upload.parts(), "parts");
      await rejects("unsupported", () => driver.sweepUploads({ prefix }), "sweepUploads");
      await upload.abort();
    },
  },
  {
    name: "multipart: a whole upload can be sent by presigned requests",
    needs: ["multipart", "presign"],
    async run({ driver, prefix, partSize }) {
      const key = `${prefix}by hand`;
      const bytes = noise(partSize + 9, 18);
      const upload = await driver.createMultipartUpload(key, { size: bytes.byteLength, partSize });
      const given = await upload.presign();
      ok(given !== null, "presign must give requests");
      const parts: string[] = [];
      for (const { method, url, headers, partNumber, start, end } of given.parts) {
        const answer = await fetch(url, { method, headers, body: bytes.slice(start, end + 1) });
        same([answer.status, await answer.text()], [200, ""], `answer to part ${partNumber}`);
        const etag = answer.headers.get("etag");
        parts.push(`<Part><PartNumber>${partNumber}</PartNumber><ETag>${etag}</ETag></Part>`);
      }
      const { method, url, headers } = given.complete;
      const body = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
      const answer = await fetch(url, { method, headers, body });
      ok(answer.status === 200 && (await answer.text()).includes("CompleteMultipartUploadResult"), "it must complete");
      sameBytes(await (await driver.download(key)).bytes(), bytes, "bytes");

      const left = await driver.createMultipartUpload(key, { size: 1 });
      const { abort } = (await left.presign()) ?? {};
      ok(abort !== undefined, "presign must give requests");
      const aborted = await fetch(abort.url, { method: abort.method, headers: abort.headers });
      same([aborted.status, await aborted.text()], [204, ""], "answer to abort");
    },
  },
  {
    name: "multipart: a part can be sent by a presigned request",
    needs: ["multipart", "presign"],
    async run({ driver, prefix }) {
      const key = `${prefix}signed`;
      const upload = await driver.createMultipartUpload(key);
      const given = await driver.presign(key, { method: "PUT", part: { uploadId: upload.uploadId, partNumber: 1 } });
      ok(given !== null, "presign must give a request");
      const response = await fetch(given.url, { method: given.method, headers: given.headers, body: "by hand" });
      const etag = response.headers.get("etag");
      same([response.status, await response.text()], [200, ""], "answer");
      ok(etag !== null, "the answer must have an etag");
      await upload.complete([{ partNumber: 1, etag }]);
      same(await (await driver.download(key)).text(), "by hand", "text");
    },
  },
];
