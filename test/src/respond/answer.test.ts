import { describe, expect, it } from "vitest";
import memory from "../../../drivers/memory.ts";
import { StorageError } from "../../../src/error.ts";
import type { ObjectStore } from "../../../src/interface.ts";
import { answer, type View } from "../../../src/respond/answer.ts";

const PAST = "Mon, 01 Jan 2001 00:00:00 GMT";

interface Watched {
  readonly store: ObjectStore;
  readonly etag: string;
  /** The verbs that the store was asked for, and `cancel` where a body was let go. */
  readonly calls: string[];
}

async function stored(): Promise<Watched> {
  const inner = memory();
  const { etag } = await inner.upload("key", "0123456789", { contentType: "text/plain", contentEncoding: "identity" });
  const calls: string[] = [];
  const store: ObjectStore = {
    ...inner,
    head: (key, options) => {
      calls.push("head");
      return inner.head(key, options);
    },
    download: async (key, options) => {
      calls.push("download");
      const object = await inner.download(key, options);
      const cancel = object.body.cancel.bind(object.body);
      object.body.cancel = (reason) => {
        calls.push("cancel");
        return cancel(reason);
      };
      return object;
    },
  };
  return { store, etag, calls };
}

const view: View = {
  headers: ({ contentType, contentEncoding = "" }, part) =>
    new Headers({ "content-type": contentType ?? "", "x-part": String(part), "content-encoding": contentEncoding }),
  validators: ({ etag }) => new Headers({ etag }),
  refuse: (error) => {
    if (StorageError.is(error)) return new Response(error.code, { status: 499 });
    throw error;
  },
  unsatisfied: (size, headers) => new Response(String(size), { status: 416, headers }),
};

const asked = ({ store }: Watched, headers: Record<string, string> = {}, method = "GET"): Promise<Response> =>
  answer(store, "key", { method, headers: new Headers(headers), signal: new AbortController().signal }, view);

describe("answer", () => {
  it("gives an object by one question, with the view's headers and its length", async () => {
    const watched = await stored();
    const response = await asked(watched);
    expect([response.status, await response.text(), watched.calls]).toEqual([200, "0123456789", ["download"]]);
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "text/plain",
      "content-encoding": "identity",
      "content-length": "10",
      "x-part": "false",
    });
  });

  it("gives a HEAD the same without bytes, and asks for none", async () => {
    const watched = await stored();
    const response = await asked(watched, { range: "bytes=1-2" }, "HEAD");
    expect([response.status, response.body, response.headers.get("content-length")]).toEqual([200, null, "10"]);
    expect(watched.calls).toEqual(["head"]);
  });

  it.each([
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=8-", "89", "bytes 8-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=8-99", "89", "bytes 8-9/10"],
  ])("gives the part that %s asks for", async (range, text, said) => {
    const watched = await stored();
    const response = await asked(watched, { range });
    expect([response.status, await response.text()]).toEqual([206, text]);
    expect([response.headers.get("content-range"), response.headers.get("x-part")]).toEqual([said, "true"]);
    expect([response.headers.get("content-length"), watched.calls]).toEqual([String(text.length), ["download"]]);
  });

  it.each(["bytes=0-1,3-4", "items=0-1", "bytes=4-2", "bytes=x"])(
    "gives all for a range that is none: %s",
    async (range) => {
      const response = await asked(await stored(), { range });
      expect([response.status, await response.text()]).toEqual([200, "0123456789"]);
    },
  );

  it.each(["bytes=10-", "bytes=-0", "bytes=99-100"])(
    "says how long an object is that has no byte of %s",
    async (range) => {
      const response = await asked(await stored(), { range });
      const [said, unit] = ["content-range", "accept-ranges"].map((name) => response.headers.get(name));
      expect([response.status, await response.text(), said, unit]).toEqual([416, "10", "bytes */10", "bytes"]);
    },
  );

  it("gives all where the part would be of another version", async () => {
    const watched = await stored();
    const response = await asked(watched, { range: "bytes=2-4", "if-range": '"other"' });
    expect([response.status, await response.text()]).toEqual([200, "0123456789"]);
    expect(watched.calls).toEqual(["download", "cancel", "download"]);
    const behind = await asked(await stored(), { range: "bytes=99-", "if-range": PAST });
    expect([behind.status, await behind.text()]).toEqual([200, "0123456789"]);
    const { etag } = watched;
    expect((await asked(watched, { range: "bytes=2-4", "if-range": etag })).status).toBe(206);
  });

  it("answers conditions before ranges, and lets the bytes go", async () => {
    const watched = await stored();
    const { etag } = watched;
    for (const range of ["bytes=2-4", "bytes=99-"]) {
      expect((await asked(watched, { range, "if-none-match": `"x", ${etag}` })).status).toBe(304);
      const failed = await asked(watched, { range, "if-unmodified-since": PAST });
      expect([failed.status, await failed.text()]).toEqual([499, "precondition-failed"]);
    }
    const [downloaded, instead] = [
      ["download", "cancel"],
      ["download", "head"],
    ];
    expect(watched.calls).toEqual([...downloaded, ...downloaded, ...instead, ...instead]);
  });

  it("answers them again where all is asked for instead of a part, since it may be of another version by now", async () => {
    const watched = await stored();
    const { download } = watched.store;
    let version = 0;
    const store: ObjectStore = {
      ...watched.store,
      download: async (key, options) => Object.assign(await download(key, options), { etag: `"v${++version}"` }),
    };
    const headers = { range: "bytes=2-4", "if-range": '"v0"', "if-none-match": '"x", "v2"' };
    expect((await asked({ ...watched, store }, headers)).status).toBe(304);
    expect(watched.calls).toEqual(["download", "cancel", "download", "cancel"]);
  });

  it("lets bytes go that have failed meanwhile", async () => {
    const watched = await stored();
    const { download } = watched.store;
    const store: ObjectStore = {
      ...watched.store,
      download: async (key, options) => {
        const object = await download(key, options);
        object.body.cancel = () => Promise.reject(new Error("failed"));
        return object;
      },
    };
    expect((await asked({ ...watched, store }, { "if-unmodified-since": PAST })).status).toBe(499);
    // A rejection that nobody handles would fail the run.
    await new Promise(setImmediate);
  });

  it("gives a 304 the view's validators and nothing else", async () => {
    const watched = await stored();
    for (const method of ["GET", "HEAD"]) {
      const response = await asked(watched, { "if-none-match": `"x", ${watched.etag}` }, method);
      expect([response.status, response.body, [...response.headers]]).toEqual([304, null, [["etag", watched.etag]]]);
    }
  });

  it("leaves a single tag to the store, whose refusal goes to the view", async () => {
    const watched = await stored();
    const response = await asked(watched, { "if-none-match": watched.etag });
    expect([await response.text(), watched.calls]).toEqual(["not-modified", ["download"]]);
    expect(await (await asked(watched, { "if-match": '"other"' })).text()).toBe("precondition-failed");
  });

  it("gives the view what the store fails with, and passes on what it throws", async () => {
    const watched = await stored();
    const gone = answer(watched.store, "none", new Request("http://h/", { method: "HEAD" }), view);
    expect(await (await gone).text()).toBe("not-found");
    const failure = new TypeError("boom");
    const broken = { ...watched.store, download: () => Promise.reject(failure) };
    for (const headers of [{}, { range: "bytes=0-1" }] as Record<string, string>[])
      await expect(answer(broken, "key", new Request("http://h/", { headers }), view)).rejects.toBe(failure);
  });

  it.each<[string, Record<string, string>, string]>([
    ["GET", {}, "download"],
    ["HEAD", {}, "head"],
    ["GET", { range: "bytes=99-" }, "download,head"],
    ["GET", { range: "bytes=2-4", "if-range": '"other"' }, "download,download"],
  ])("asks each question with the request's signal: %s with %j", async (method, headers, questions) => {
    const { store } = await stored();
    const seen: [string, AbortSignal | undefined][] = [];
    const told: ObjectStore = {
      ...store,
      head: (key, options) => (seen.push(["head", options?.signal]), store.head(key, options)),
      download: (key, options) => (seen.push(["download", options?.signal]), store.download(key, options)),
    };
    const { signal } = new AbortController();
    await answer(told, "key", { method, headers: new Headers(headers), signal }, view);
    expect(seen.map(([verb]) => verb).join()).toBe(questions);
    expect(seen.map(([, given]) => given === signal)).not.toContain(false);
  });

  it("ends with the request", async () => {
    const { store } = await stored();
    const aborting = new AbortController();
    const response = await answer(store, "key", new Request("http://h/", { signal: aborting.signal }), view);
    aborting.abort(new Error("gone"));
    await expect(response.text()).rejects.toThrow();
  });
});
