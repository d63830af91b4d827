import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { StorageError } from "../../src/error.ts";
import type { DownloadOptions, ObjectStore, UploadOptions } from "../../src/interface.ts";
import { respond, type RespondOptions } from "../../src/respond.ts";

const TEXT = "0123456789";

interface Watched {
  readonly store: ObjectStore;
  /** The verbs that the store was asked for. */
  readonly calls: string[];
  readonly cancelled: unknown[];
  readonly options: DownloadOptions[];
}

/** A memory store with one object `dir/a` that notes what it is asked and which bodies are cancelled. */
async function stored(options: UploadOptions = {}, body: string = TEXT): Promise<Watched> {
  const inner = memory();
  await inner.upload("dir/a", body, { contentType: "text/plain", ...options });
  const watched: Watched = { store: inner, calls: [], cancelled: [], options: [] };
  const store: ObjectStore = {
    ...inner,
    head: (key, call) => {
      watched.calls.push("head");
      return inner.head(key, call);
    },
    download: async (key, call = {}) => {
      watched.calls.push("download");
      watched.options.push(call);
      const object = await inner.download(key, call);
      const cancel = object.body.cancel.bind(object.body);
      object.body.cancel = (reason) => {
        watched.cancelled.push(reason);
        return cancel(reason);
      };
      return object;
    },
  };
  return { ...watched, store };
}

const request = (headers: Record<string, string> = {}, method = "GET"): Request =>
  new Request("http://host/x", { method, headers });
const ask = (store: ObjectStore, headers: Record<string, string> = {}, options?: RespondOptions): Promise<Response> =>
  respond(store, "dir/a", request(headers), options);
const validators = async (store: ObjectStore): Promise<{ etag: string; date: string }> => {
  const info = await store.head("dir/a");
  return { etag: info?.etag ?? "", date: info?.lastModified?.toUTCString() ?? "" };
};
const PAST = "Mon, 01 Jan 2001 00:00:00 GMT";
const FUTURE = "Tue, 01 Jan 2999 00:00:00 GMT";

test.each([
  [{ fileName: "x" }, "fileName"],
  [{ filename: null }, "filename"],
  [{ filename: 5 }, "filename"],
  [{ disposition: "attachement" }, "disposition"],
  [{ disposition: 5 }, "disposition"],
  [{ cacheControl: "no-store\n" }, "cacheControl"],
  [{ cacheControl: 5 }, "cacheControl"],
  [{ headers: { "a b": "x" } }, "headers"],
  [{ headers: { a: "x\0" } }, "headers"],
  [null, "options"],
] as [object, string][])(
  "respond refuses the options %j by name and asks no store: the app is wrong, not its client",
  async (options, name) => {
    const { store, calls } = await stored();
    await expect(ask(store, {}, options)).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringContaining(name),
    });
    expect(calls).toEqual([]);
  },
);

describe("respond", () => {
  test("respond refuses a request of Node's http by what makes a Request of it, and asks no store", async () => {
    const { store, calls } = await stored();
    const nodes = Object.assign(new IncomingMessage(new Socket()), { method: "GET" });
    const refused = { code: "invalid-option", message: expect.stringContaining("srvx") };
    for (const wrong of [nodes, undefined, "dir/a"])
      await expect(respond(store, "dir/a", wrong as unknown as Request)).rejects.toMatchObject(refused);
    expect(calls).toEqual([]);
  });

  test("sends the whole object with its headers in one trip", async () => {
    const { store, calls } = await stored({ contentLanguage: "de" });
    const response = await ask(store);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      "accept-ranges": "bytes",
      "cache-control": "private, no-cache",
      "content-disposition": 'inline; filename="a"',
      "content-language": "de",
      "content-length": "10",
      "content-type": "text/plain",
      etag: expect.stringMatching(/^".+"$/),
      "last-modified": expect.stringMatching(/GMT$/),
      "x-content-type-options": "nosniff",
    });
    expect(await response.text()).toBe(TEXT);
    expect(calls).toEqual(["download"]);
  });

  test("answers HEAD with the headers of GET, no body and no download", async () => {
    const { store, calls } = await stored();
    const get = await ask(store);
    const head = await respond(store, "dir/a", request({ range: "bytes=0-1" }, "HEAD"));
    expect(head.status).toBe(200);
    expect(head.body).toBeNull();
    expect([...head.headers]).toEqual([...get.headers]);
    expect(calls).toEqual(["download", "head"]);
  });

  test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])("answers %s with 405", async (method) => {
    const { store, calls } = await stored();
    const response = await respond(store, "dir/a", request({}, method));
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
    expect(calls).toEqual([]);
  });

  test.each([
    ["bytes=0-0", "0", "bytes 0-0/10"],
    ["bytes=2-5", "2345", "bytes 2-5/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=-99", TEXT, "bytes 0-9/10"],
    ["bytes=8-99999999999999999999", "89", "bytes 8-9/10"],
  ])("sends the range %s in one trip", async (range, text, contentRange) => {
    const { store, calls } = await stored();
    const response = await ask(store, { range });
    expect(response.status).toBe(206);
    expect(response.headers.get("cache-control")).toBe("private, no-cache, no-transform");
    expect(response.headers.get("content-range")).toBe(contentRange);
    expect(response.headers.get("content-length")).toBe(String(text.length));
    expect(await response.text()).toBe(text);
    expect(calls).toEqual(["download"]);
  });

  test.each(["bytes=0-1,3-4", "bytes=9-1", "bytes=x", "lines=0-1"])(
    "sends everything for the range %s",
    async (range) => {
      const { store } = await stored();
      const response = await ask(store, { range });
      expect(response.status).toBe(200);
      expect(response.headers.has("content-range")).toBe(false);
      expect(await response.text()).toBe(TEXT);
    },
  );

  test.each([
    ["bytes=10-", TEXT],
    ["bytes=-0", TEXT],
    ["bytes=99999999999999999999-", TEXT],
    ["bytes=0-", ""],
    ["bytes=-5", ""],
  ])("answers the range %s of %j with 416", async (range, body) => {
    const { store } = await stored({}, body);
    const response = await ask(store, { range });
    expect(response.status).toBe(416);
    expect(response.headers.get("content-range")).toBe(`bytes */${body.length}`);
    expect((await response.json()).error).toMatchObject({ code: "invalid-range", key: "dir/a" });
  });

  test.each([
    ["if-none-match", "E", 304],
    ["if-none-match", "W/E", 304],
    ["if-none-match", "*", 304],
    ["if-none-match", '"x", W/"y,z", E', 304],
    ["if-none-match", '"x"', 200],
    ["if-none-match", '"x", "y"', 200],
    ["if-none-match", "garbage", 200],
    ["if-none-match", '"foo bar"', 200],
    ["if-none-match", 'W/"caf\xe9"', 200],
    ["if-match", '"foo bar"', 412],
    ["if-match", "E", 200],
    ["if-match", "*", 200],
    ["if-match", '"x", E', 200],
    ["if-match", '"x"', 412],
    ["if-match", '"x", "y"', 412],
    ["if-match", "W/E", 412],
    ["if-modified-since", "D", 304],
    ["if-modified-since", FUTURE, 304],
    ["if-modified-since", PAST, 200],
    ["if-modified-since", "1", 200],
    ["if-unmodified-since", "D", 200],
    ["if-unmodified-since", FUTURE, 200],
    ["if-unmodified-since", PAST, 412],
    ["if-unmodified-since", "never", 200],
  ])("answers %s: %s with %i, on GET and HEAD", async (name, template, status) => {
    for (const method of ["GET", "HEAD"]) {
      const { store, calls, cancelled } = await stored();
      const { etag, date } = await validators(store);
      calls.length = 0;
      const response = await respond(
        store,
        "dir/a",
        request({ [name]: template.replace(/\bE\b/, etag).replace(/^D$/, date) }, method),
      );
      expect(response.status).toBe(status);
      expect(calls).toHaveLength(1);
      if (status === 200) expect(cancelled).toEqual([]);
      if (status === 304) {
        expect(response.body).toBeNull();
        expect(response.headers.get("etag")).toBe(etag);
        expect(response.headers.has("content-length")).toBe(false);
      }
    }
  });

  test.each([
    ["both entity tags hold and the dates do not count", { "if-match": "E", "if-unmodified-since": PAST }, 200],
    [
      "a tag that differs wins over a date that has not passed",
      { "if-none-match": '"x"', "if-modified-since": FUTURE },
      200,
    ],
    ["If-Unmodified-Since comes before If-None-Match", { "if-unmodified-since": PAST, "if-none-match": "E" }, 412],
    ["If-Match comes before If-None-Match", { "if-match": '"x", "y"', "if-none-match": '"z", E' }, 412],
    ["conditions come before the range", { "if-none-match": '"z", E', range: "bytes=99-" }, 304],
    ["a failed condition comes before the range", { "if-match": '"x", "y"', range: "bytes=99-" }, 412],
  ])("evaluates in the order of RFC 9110: %s", async (_name, headers: Record<string, string>, status) => {
    const { store } = await stored();
    const { etag } = await validators(store);
    const given = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace(/\bE\b/, etag)]),
    );
    expect((await ask(store, given)).status).toBe(status);
  });

  test("cancels the body when it evaluates a condition in the answer", async () => {
    const { store, cancelled } = await stored();
    const { etag } = await validators(store);
    await ask(store, { "if-none-match": `"x", ${etag}` });
    expect(cancelled).toHaveLength(1);
  });

  test.each([
    ["E", 206],
    ["D", 206],
    ['"x"', 200],
    ["W/E", 200],
    [PAST, 200],
    ["garbage", 200],
  ])("answers If-Range: %s with %i", async (template, status) => {
    const { store, cancelled } = await stored();
    const { etag, date } = await validators(store);
    const ifRange = template.replace(/\bE\b/, etag).replace(/^D$/, date);
    const response = await ask(store, { range: "bytes=1-2", "if-range": ifRange });
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(status === 206 ? "12" : TEXT);
    expect(cancelled).toHaveLength(status === 206 ? 0 : 1);
    expect((await ask(store, { range: "bytes=99-", "if-range": ifRange })).status).toBe(status === 206 ? 416 : 200);
  });

  test("answers a missing object with 404 and an invalid key with 400", async () => {
    const { store } = await stored();
    for (const method of ["GET", "HEAD"]) {
      expect((await respond(store, "none", request({ "if-match": "*" }, method))).status).toBe(404);
      expect((await respond(store, "a/../b", request({}, method))).status).toBe(400);
    }
    expect(await (await respond(store, "none", request())).json()).toEqual({
      error: { code: "not-found", message: expect.any(String), key: "none" },
    });
    expect((await respond(store, "none", request({ range: "bytes=-0" }))).status).toBe(404);
    expect((await respond(store, "none", request({}, "HEAD"))).body).toBeNull();
    const tagged = await respond(store, "none", request({ "if-none-match": '"x"' }));
    expect([tagged.status, tagged.headers.get("etag")]).toEqual([404, null]);
  });

  test.each(["unavailable", "denied", "timeout", "unknown"] as const)(
    "rejects with the store's own error for %s",
    async (code) => {
      const { store } = await stored();
      const failure = new StorageError(code, "x");
      await expect(ask({ ...store, download: () => Promise.reject(failure) })).rejects.toBe(failure);
    },
  );

  test("rejects where the store itself refuses a setting, so that it is logged and no client blamed", async () => {
    const { store } = await stored();
    const response = { status: 400, code: "AuthorizationHeaderMalformed" };
    const failure = new StorageError("invalid-option", "set region", { response });
    await expect(ask({ ...store, download: () => Promise.reject(failure) })).rejects.toBe(failure);
  });

  test("passes the body through as it is, and the signal on", async () => {
    const { store, options } = await stored();
    const object = await store.download("dir/a");
    const abort = new AbortController();
    const given = new Request("http://host/x", { signal: abort.signal });
    const response = await respond(
      { ...store, download: async (_key, call = {}) => (options.push(call), object) },
      "dir/a",
      given,
    );
    expect(response.body).toBe(object.body);
    expect(options.at(-1)?.signal).toBe(given.signal);
    abort.abort();
    await expect(respond(store, "dir/a", given)).rejects.toBe(given.signal.reason);
  });

  test.each([
    ["image/png", true],
    ["image/jpeg", true],
    ["IMAGE/GIF", true],
    ["image/webp", true],
    ["image/avif", true],
    ["audio/mpeg", true],
    ["video/mp4", true],
    ["text/plain; charset=utf-8", true],
    ["text/html", false],
    ["TEXT/HTML; charset=utf-8", false],
    ["text/html,image/png", false],
    ["image/png, text/html", false],
    ["image/png; x,text/html", false],
    ["image/svg+xml", false],
    ["IMAGE/SVG+XML; x", false],
    ["IMAGE/SVG+XML; charset=utf-8", false],
    ["application/xhtml+xml", false],
    ["application/xml", false],
    ["text/xml", false],
    ["application/rss+xml", false],
    ["application/pdf", false],
    ["text/javascript", false],
    ["text/css", false],
    ["text/csv", false],
    ["application/json", false],
    ["application/octet-stream", false],
    ["multipart/x-mixed-replace", false],
    ["message/rfc822", false],
    ["application/x-shockwave-flash", false],
    ["image/unknown", false],
    ["png", false],
  ])("shows %s inline: %s, whatever the stored disposition and the options say", async (contentType, inline) => {
    const { store } = await stored({ contentType, contentDisposition: 'inline; filename="f.png"' });
    const { headers } = await ask(store, {}, { disposition: "inline" });
    expect(headers.get("content-disposition")).toBe(`${inline ? "inline" : "attachment"}; filename="f.png"`);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toBe(inline ? null : "default-src 'none'; sandbox");
    expect(headers.get("content-type")).toBe(
      /,|^png$|; x/.test(contentType) ? "application/octet-stream" : contentType,
    );
  });

  test("shows further types inline on request, but never markup", async () => {
    for (const [contentType, disposition] of [
      ["application/pdf", "inline"],
      ["text/csv", "inline"],
      ["text/html", "attachment"],
      ["image/svg+xml", "attachment"],
      ["text/xml", "attachment"],
    ] as const) {
      const { store } = await stored({ contentType });
      const response = await ask(
        store,
        {},
        { inline: ["APPLICATION/PDF", "text/csv", "text/html", "image/svg+xml", "text/xml"] },
      );
      expect(response.headers.get("content-disposition")).toMatch(new RegExp(`^${disposition};`));
    }
  });

  test.each<[unknown, string]>([
    ["application/pdf", "inline must be a list of media types"],
    [["pdf"], 'inline "pdf" is no media type, such as application/pdf'],
    [[".pdf"], 'inline ".pdf"'],
    [["text/csv", "application/"], 'inline "application/"'],
    [["text/csv; charset=utf-8"], 'inline "text/csv; charset=utf-8"'],
    [[" text/csv"], 'inline " text/csv"'],
    [["text/csv, text/x"], 'inline "text/csv, text/x"'],
    [["image/*"], 'inline "image/*"'],
    [[""], 'inline ""'],
    [[5], "inline 5"],
    [[null], "inline null"],
  ])("refuses %j for types that may be shown, which would show nothing", async (inline, said) => {
    const { store, options } = await stored();
    const refused = ask(store, {}, { inline: inline as string[] });
    await expect(refused).rejects.toMatchObject({ code: "invalid-option" });
    await expect(refused).rejects.toThrow(said);
    expect(options).toEqual([]);
  });

  test("names the file by option, stored disposition, key", async () => {
    const { store } = await stored({
      contentDisposition: "attachment; filename=\"x.txt\"; filename*=UTF-8''%C3%BC.txt",
    });
    expect((await ask(store)).headers.get("content-disposition")).toBe(
      "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%BC.txt",
    );
    expect(
      (await ask(store, {}, { filename: 'a"\r\n.txt', disposition: "inline" })).headers.get("content-disposition"),
    ).toBe('inline; filename="a_.txt"');
    expect((await ask((await stored()).store)).headers.get("content-disposition")).toBe('inline; filename="a"');
  });

  test("prefers the stored cache-control to the option, and the option to the default", async () => {
    expect(
      (
        await ask((await stored({ cacheControl: "public, max-age=60" })).store, {}, { cacheControl: "no-store" })
      ).headers.get("cache-control"),
    ).toBe("public, max-age=60");
    expect((await ask((await stored()).store, {}, { cacheControl: "no-store" })).headers.get("cache-control")).toBe(
      "no-store",
    );
  });

  test("a cache-control among the further headers replaces the stored one, in a 304 too", async () => {
    const { store } = await stored({ cacheControl: "public, max-age=60" });
    const options = { headers: { "Cache-Control": "no-store" } };
    const since: Record<string, string> = { "if-modified-since": new Date(Date.now() + 60_000).toUTCString() };
    for (const headers of [{}, since])
      expect((await ask(store, headers, options)).headers.get("cache-control")).toBe("no-store");
  });

  test.each(["content-type", "ETag", "content-length", "Content-Disposition", "last-modified", "accept-ranges"])(
    "refuses a further header that would not be sent: %s",
    async (name) => {
      const { store } = await stored();
      const refused = ask(store, {}, { headers: { [name]: "x" } });
      await expect(refused).rejects.toMatchObject({ code: "invalid-option" });
      await expect(refused).rejects.toThrow(`headers ${name.toLowerCase()}`);
    },
  );

  test("takes further headers of an iterable that can be read once", async () => {
    const { store } = await stored();
    const headers = new Map([["access-control-allow-origin", "*"]]).entries();
    const options = { headers: headers as unknown as Headers };
    expect((await ask(store, {}, options)).headers.get("access-control-allow-origin")).toBe("*");
  });

  test("adds further headers to every answer, below its own", async () => {
    const { store } = await stored();
    const options = {
      headers: {
        "access-control-allow-origin": "*",
        "x-content-type-options": "sniff",
        "content-security-policy": "x",
      },
    };
    for (const headers of [
      {},
      { range: "bytes=0-1" },
      { range: "bytes=99-" },
      { "if-none-match": "*" },
      { "if-match": '"x"' },
    ] as Record<string, string>[]) {
      expect((await ask(store, headers, options)).headers.get("access-control-allow-origin")).toBe("*");
    }
    const posted = await respond(store, "dir/a", request({}, "POST"), options);
    expect(posted.headers.get("access-control-allow-origin")).toBe("*");
    const response = await ask(store, {}, options);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("content-length")).toBe("10");
  });

  test("passes a stored content-encoding on with the stored length", async () => {
    const { store } = await stored({ contentEncoding: "gzip" });
    const response = await ask(store);
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(response.headers.get("content-length")).toBe("10");
    expect(await response.text()).toBe(TEXT);
  });
});
