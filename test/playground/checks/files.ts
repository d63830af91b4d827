/** `/files`: objects and their listing. */
import { createHash, randomBytes } from "node:crypto";
import { expect } from "vitest";
import { ask, type Check, expectRefused, put } from "../check.ts";
import { breakOff, sendHead } from "../wire.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export const files: readonly Check[] = [
  {
    name: "PUT answers 201 with key, url, size, etag and type, and GET gives the bytes back",
    run: async (app) => {
      const body = randomBytes(9 * 1024 * 1024);
      const answer = await put(app, "/files/docs/big.bin", body, { "content-type": "application/x-thing" });
      expect(answer.status).toBe(201);
      const stored = (await answer.json()) as Record<string, unknown>;
      expect(stored).toEqual({
        key: "docs/big.bin",
        url: "/files/docs/big.bin",
        size: body.byteLength,
        etag: expect.stringMatching(/^".+"$/),
        contentType: "application/x-thing",
      });
      const back = await ask(`${app.url}/files/docs/big.bin`);
      expect([back.status, back.headers.get("etag"), back.headers.get("content-type")]).toEqual([
        200,
        stored["etag"],
        "application/x-thing",
      ]);
      expect(sha256(new Uint8Array(await back.arrayBuffer()))).toBe(sha256(body));
    },
  },
  {
    name: "PUT takes a body of unknown length, of one piece and of several parts",
    run: async (app) => {
      for (const size of [300_000, 9 * 1024 * 1024]) {
        const bytes = randomBytes(size);
        const init = { method: "PUT", body: new Blob([bytes]).stream(), duplex: "half" } as RequestInit;
        const answer = await ask(`${app.url}/files/chunked.bin`, init);
        expect([answer.status, await answer.json()]).toEqual([201, expect.objectContaining({ size })]);
        const back = await ask(`${app.url}/files/chunked.bin`);
        expect(sha256(new Uint8Array(await back.arrayBuffer()))).toBe(sha256(bytes));
      }
    },
  },
  {
    name: "GET and HEAD go through respond: range, suffix, condition, 416 and 404",
    run: async (app) => {
      const url = `${app.url}/files/hello.txt`;
      const { etag } = (await (await put(app, "/files/hello.txt", "hello world")).json()) as { etag: string };
      for (const [range, text, told] of [
        ["bytes=6-", "world", "bytes 6-10/11"],
        ["bytes=-3", "rld", "bytes 8-10/11"],
        ["bytes=1-2", "el", "bytes 1-2/11"],
      ] as const) {
        const part = await ask(url, { headers: { range } });
        expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([206, text, told]);
      }
      const same = await ask(url, { headers: { "if-none-match": etag } });
      expect([same.status, await same.text()]).toEqual([304, ""]);
      expect((await ask(url, { headers: { "if-match": '"other"' } })).status).toBe(412);
      expect((await ask(url, { headers: { range: "bytes=99-" } })).status).toBe(416);
      const head = await ask(url, { method: "HEAD" });
      expect([head.status, head.headers.get("content-length"), head.headers.get("etag"), await head.text()]).toEqual([
        200,
        "11",
        etag,
        "",
      ]);
      await expectRefused(await ask(`${app.url}/files/none`), 404, "not-found");
      expect((await ask(`${app.url}/files/none`, { method: "HEAD" })).status).toBe(404);
    },
  },
  {
    name: "PUT honours If-None-Match: * and If-Match",
    run: async (app) => {
      const once = (body: string, headers: Record<string, string>): Promise<Response> =>
        put(app, "/files/once", body, headers);
      const { etag } = (await (await once("1", { "if-none-match": "*" })).json()) as { etag: string };
      await expectRefused(await once("2", { "if-none-match": "*" }), 412, "precondition-failed");
      await expectRefused(await once("2", { "if-match": '"other"' }), 412, "precondition-failed");
      await expectRefused(await once("2", { "if-none-match": etag }), 400, "invalid-option");
      expect((await once("3", { "if-match": etag })).status).toBe(201);
      expect(await (await ask(`${app.url}/files/once`)).text()).toBe("3");
    },
  },
  {
    name: "a refused upload of several megabytes gets its answer, not a reset",
    run: async (app) => {
      await put(app, "/files/taken", "1");
      const body = randomBytes(20 * 1024 * 1024);
      await expectRefused(await put(app, "/files/taken", body, { "if-none-match": "*" }), 412, "precondition-failed");
    },
  },
  {
    name: "DELETE is 204, and once more for what is absent",
    run: async (app) => {
      await put(app, "/files/gone", "1");
      for (let times = 0; times < 2; times += 1) {
        expect((await ask(`${app.url}/files/gone`, { method: "DELETE" })).status).toBe(204);
        expect((await ask(`${app.url}/files/gone`)).status).toBe(404);
      }
    },
  },
  {
    name: "GET /files lists one page after the other, with folders",
    run: async (app) => {
      for (const key of ["list/a", "list/b/1", "list/b/2", "list/c"]) await put(app, `/files/${key}`, key);
      const keys: string[] = [];
      let cursor = "";
      for (let pages = 0; pages < 10; pages += 1) {
        const query = new URLSearchParams({ prefix: "list/", delimiter: "/", limit: "1", ...(cursor && { cursor }) });
        const page = (await (await ask(`${app.url}/files?${query}`)).json()) as {
          objects: { key: string }[];
          prefixes: string[];
          cursor?: string;
        };
        keys.push(...page.objects.map(({ key }) => key), ...page.prefixes);
        expect(page.objects.length + page.prefixes.length).toBeLessThanOrEqual(1);
        if (page.cursor === undefined) break;
        cursor = page.cursor;
      }
      expect(keys).toEqual(["list/a", "list/b/", "list/c"]);
    },
  },
  {
    name: "a body that breaks off stores nothing, with and without a length",
    run: async (app) => {
      const before = await app.stored();
      const known = await sendHead(app.url, "PUT /files/broken-known", { "content-length": "1000000" });
      known.write(randomBytes(200_000));
      await breakOff(known);
      const unknown = await sendHead(app.url, "PUT /files/broken-unknown", { "transfer-encoding": "chunked" });
      unknown.write("5\r\nhello\r\n");
      await breakOff(unknown);
      const parts = await sendHead(app.url, "PUT /files/broken-parts", { "content-length": "30000000" });
      parts.write(randomBytes(20_000_000));
      await breakOff(parts);
      for (const key of ["broken-known", "broken-unknown", "broken-parts"])
        expect((await ask(`${app.url}/files/${key}`)).status).toBe(404);
      expect(await app.stored()).toEqual(before);
    },
  },
];
