import { describe, expect, it } from "vitest";
import { noise } from "../../../src/conformance/bytes.ts";
import { testClock } from "../../support/clock.ts";
import { listened } from "../../support/listened.ts";
import { clocked, stubbed, TRANSPORTS } from "../../support/stubbed.ts";
import { type Answer, answer, failure, happy, type Received, type Script, wire } from "../../support/wire.ts";

const PART = 5 * 1024 * 1024;
const ID = "x-amz-meta-unbucket-write";
const LOST = { bytes: "", then: "fin" } as const;
const create = { ifNoneMatch: "*" } as const;

/** A store that takes the write and loses its answer; afterwards it answers `then`, and to a HEAD what `head` makes of the id. */
function losing(then: Answer, head: (id: string) => Answer): Script {
  let id = "";
  let lost = false;
  return (request: Received) => {
    if (request.headers[ID]) id = request.headers[ID];
    if (request.method === "HEAD") return head(id);
    const final = request.query.has("partNumber") || request.query.has("uploads") || request.method === "DELETE";
    if (final) return happy(request);
    if (lost) return then;
    lost = true;
    return LOST;
  };
}

const refused = failure(412, "PreconditionFailed");
const found = (id: string, modified = new Date()): Answer =>
  answer(200, {
    "content-length": "1",
    // As some stores write it.
    etag: "theirs",
    "x-amz-version-id": "v7",
    [ID]: id,
    date: new Date().toUTCString(),
    "last-modified": modified.toUTCString(),
  });

describe.each(TRANSPORTS)("a write whose answer was lost, over %s", (_, transport) => {
  it("is a success when the object carries its id", async () => {
    const server = await wire(losing(refused, (id) => found(id)));
    const info = await stubbed(server, transport).upload("k", "x", create);
    expect(info).toMatchObject({ key: "k", size: 1, etag: '"theirs"', versionId: "v7" });
    expect(server.requests.map(({ method }) => method)).toEqual(["PUT", "PUT", "HEAD"]);
  });

  it("leaves no listener on a long-lived signal when the object was looked at", async () => {
    const { signal, live } = listened();
    const server = await wire(losing(refused, (id) => found(id)));
    await stubbed(server, transport).upload("k", "x", { ...create, signal });
    await expect.poll(() => live.size).toBe(0);
  });

  it("is ambiguous when another object is there that may have replaced it", async () => {
    const server = await wire(losing(refused, () => found("other")));
    await expect(stubbed(server, transport).upload("k", "x", create)).rejects.toMatchObject({ code: "ambiguous" });
  });

  it("is ambiguous when another object is there of the same second, or the one before, to which dates are cut", async () => {
    const server = await wire(losing(refused, () => found("other", new Date(Date.now() - 1000))));
    await expect(stubbed(server, transport).upload("k", "x", create)).rejects.toMatchObject({ code: "ambiguous" });
  });

  it("is ambiguous when an object without an id is there, which another program has written", async () => {
    const foreign = answer(200, {
      etag: '"e"',
      date: new Date().toUTCString(),
      "last-modified": new Date().toUTCString(),
    });
    const server = await wire(losing(refused, () => foreign));
    await expect(stubbed(server, transport).upload("k", "x", create)).rejects.toMatchObject({ code: "ambiguous" });
  });

  it("is refused for good when what is there is older than it", async () => {
    const server = await wire(losing(refused, () => found("other", new Date(Date.now() - 60_000))));
    await expect(stubbed(server, transport).upload("k", "x", create)).rejects.toMatchObject({
      code: "precondition-failed",
    });
  });

  it.each([
    ["denied", answer(403)],
    ["gone", answer(404)],
    // The login page of a network is older than any write.
    [
      "answered by no store",
      answer(200, { date: new Date().toUTCString(), "last-modified": new Date(0).toUTCString() }),
    ],
  ])("is ambiguous when a look at the object is %s", async (_name, head) => {
    const server = await wire(losing(refused, () => head));
    await expect(stubbed(server, transport).upload("k", "x", create)).rejects.toMatchObject({ code: "ambiguous" });
  });

  it("is a success for a completion, too, and nothing is aborted", async () => {
    const server = await wire(losing(failure(404, "NoSuchUpload"), (id) => found(id)));
    const bytes = noise(PART + 1);
    const info = await stubbed(server, { ...transport, partSize: PART }).upload("k", bytes);
    expect(info).toMatchObject({ size: PART + 1, etag: '"theirs"' });
    expect(server.requests.map(({ method }) => method)).not.toContain("DELETE");
  });

  it("is a success for a completion that a proxy repeated, so that the answer says the upload is gone", async () => {
    let id = "";
    const server = await wire((request) => {
      if (request.headers[ID]) id = request.headers[ID];
      if (request.method === "HEAD") return found(id);
      return request.method === "POST" && request.query.has("uploadId") ? failure(404, "NoSuchUpload") : happy(request);
    });
    const info = await stubbed(server, { ...transport, partSize: PART }).upload("k", noise(PART + 1));
    expect(info.etag).toBe('"theirs"');
    expect(server.requests.map(({ method }) => method)).not.toContain("DELETE");
  });

  it("is `not-found` for a completion whose upload is gone, where the object is another or cannot be seen", async () => {
    for (const head of [found("other"), answer(404), answer(403)]) {
      const server = await wire((request) => {
        if (request.method === "HEAD") return head;
        return request.method === "POST" && request.query.has("uploadId")
          ? failure(404, "NoSuchUpload")
          : happy(request);
      });
      const upload = stubbed(server, { ...transport, partSize: PART }).upload("k", noise(PART + 1));
      await expect(upload).rejects.toMatchObject({ code: "not-found", response: { code: "NoSuchUpload" } });
    }
  });

  it("is a success when it was repeated unasked, so that the first answer refuses it", async () => {
    let id = "";
    const server = await wire((request) => {
      id ||= request.headers[ID] ?? "";
      return request.method === "HEAD" ? found(id) : refused;
    });
    const info = await stubbed(server, transport).upload("k", "x", create);
    expect(info.etag).toBe('"theirs"');
    expect(server.requests.map(({ method }) => method)).toEqual(["PUT", "HEAD"]);
  });

  it.each([
    ["another is there", found("other"), "precondition-failed"],
    ["nothing is there", answer(404), "precondition-failed"],
    ["a look is denied", answer(403), "precondition-failed"],
    ["no look gets through", answer(503), "ambiguous"],
  ])("that is refused at once is that when %s", async (_name, head, code) => {
    const server = await wire((request) => (request.method === "HEAD" ? head : refused));
    await expect(stubbed(server, transport).upload("k", "x", create)).rejects.toMatchObject({ code });
    expect(server.requests.filter(({ method }) => method === "PUT")).toHaveLength(1);
  });

  it("is ambiguous for a completion of which nothing is known", async () => {
    for (const made of [Date.now(), Date.now() - 60_000]) {
      const server = await wire(losing(failure(404, "NoSuchUpload"), () => found("other", new Date(made))));
      const outcome = stubbed(server, { ...transport, partSize: PART }).upload("k", noise(PART + 1));
      await expect(outcome).rejects.toMatchObject({ code: "ambiguous" });
      expect(server.requests.map(({ method }) => method)).not.toContain("DELETE");
    }
  });
});

describe("writeMark", () => {
  it("marks conditional writes and multipart uploads, each by an id of its own, and no plain write", async () => {
    const server = await wire(happy);
    const store = stubbed(server, { partSize: PART });
    await store.upload("k", "x", create);
    await store.upload("k", "x", { ifMatch: '"e"' });
    await store.upload("k", noise(PART + 1));
    await store.upload("k", "x");
    const marked = server.requests.map(({ headers }) => headers[ID]).filter((id) => id !== undefined);
    expect(marked).toHaveLength(3);
    expect(new Set(marked).size).toBe(3);
    for (const id of marked) expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(server.requests.at(-1)?.headers[ID]).toBeUndefined();
  });

  it("is there beside much metadata, and headers of any length", async () => {
    const server = await wire(happy);
    const options = { metadata: { a: "x".repeat(1800) }, contentDisposition: `inline; filename=${"x".repeat(2000)}` };
    await stubbed(server).upload("k", "x", { ...create, ...options });
    expect(server.requests[0]?.headers[ID]).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each([
    ["the driver's writeId is off", { writeId: false }, {}],
    ["metadata leaves no room for it", {}, { metadata: { a: "x".repeat(1990) } }],
  ])("is absent when %s, and a lost answer ambiguous", async (_, driver, options) => {
    const server = await wire(losing(refused, (id) => found(id)));
    const upload = stubbed(server, driver).upload("k", "x", { ...create, ...options });
    await expect(upload).rejects.toMatchObject({ code: "ambiguous" });
    expect(server.requests.map(({ headers }) => headers[ID])).toEqual([undefined, undefined]);
  });
});

it("a clock that is put back during a write makes no younger object an older one", async () => {
  const clock = testClock();
  const script = losing(refused, () => found("other"));
  const server = await wire((request, number) => {
    if (request.method === "PUT") clock.advance(-6 * 3_600_000);
    return script(request, number);
  });
  await expect(clocked(server, clock).upload("k", "x", create)).rejects.toMatchObject({ code: "ambiguous" });
});

it("a write that took an hour keeps in doubt what was made meanwhile", async () => {
  const clock = testClock();
  const script = losing(refused, () => found("other", new Date(Date.now() - 1_800_000)));
  const server = await wire((request, number) => {
    if (request.method === "PUT") clock.advance(3_600_000);
    return script(request, number);
  });
  await expect(clocked(server, clock).upload("k", "x", create)).rejects.toMatchObject({ code: "ambiguous" });
});

it("a write that is refused for another reason is that, and the object is not looked at", async () => {
  const server = await wire((request) => (request.method === "HEAD" ? answer(503) : failure(403, "AccessDenied")));
  await expect(stubbed(server).upload("k", "x", create)).rejects.toMatchObject({ code: "denied" });
  expect(server.requests.map(({ method }) => method)).toEqual(["PUT"]);
});

it("a write under ifMatch where AWS has no object, which it answers with 404, is refused by its condition", async () => {
  const server = await wire((request) => (request.method === "HEAD" ? answer(404) : failure(404, "NoSuchKey")));
  const upload = stubbed(server).upload("k", "x", { ifMatch: '"e"' });
  await expect(upload).rejects.toMatchObject({ code: "precondition-failed" });
});

it("an abort while the store is asked whose the object is rejects with the reason", async () => {
  const control = new AbortController();
  const reason = new Error("left");
  const script = losing(refused, () => {
    control.abort(reason);
    return { bytes: "", then: "hang" };
  });
  const server = await wire(script);
  const upload = clocked(server, testClock()).upload("k", "x", { ...create, signal: control.signal });
  await expect(upload).rejects.toBe(reason);
});
