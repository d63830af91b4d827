import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Key } from "../../../src/backend.ts";
import { StorageError } from "../../../src/error.ts";
import { childrenOf, childText, readXml } from "../../../src/s3/xml.ts";
import { answer, failure, type Received, type Script, wire, xml } from "../../support/wire.ts";
import { stubbed, stubOptions } from "../../support/stubbed.ts";

const keysIn = ({ body }: Received): (string | undefined)[] =>
  childrenOf(readXml(body.toString()), "Object").map((entry) => childText(entry, "Key"));

const refusal = (key: string, code: string): string =>
  `<Error><Key>${key}</Key><Code>${code}</Code><Message>no</Message></Error>`;

async function partial(run: Promise<unknown>): Promise<StorageError> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!StorageError.is(error) || error.code !== "partial") throw new Error(`expected partial, got ${String(error)}`);
  return error;
}

describe("deleteObject", () => {
  it("takes an absent key as success, an absent bucket as an error", async () => {
    await stubbed(await wire(failure(404, "NoSuchKey"))).delete("k");
    await expect(stubbed(await wire(answer(404))).delete("k")).rejects.toMatchObject({ code: "unknown" });
    await expect(stubbed(await wire(failure(404, "NoSuchBucket"))).delete("k")).rejects.toMatchObject({
      code: "bucket-not-found",
      response: { status: 404 },
    });
  });
});

describe("deleteMatching", () => {
  const deleting = async (
    script: Script,
  ): Promise<[outcome: unknown, lines: readonly string[], conditions: unknown[]]> => {
    const server = await wire(script);
    const backend = await stubbed(server).getInstance();
    const outcome = await backend.delete("k" as Key, { ifMatch: '"e"' }).then(
      () => "deleted",
      (error: StorageError) => error.code,
    );
    return [outcome, server.lines(), server.requests.map(({ headers }) => headers["if-match"])];
  };
  const head = (etag: string) => answer(200, { "content-length": "1", etag });

  it("asks for the one version, and for nothing else where that is done", async () => {
    expect(await deleting(() => answer(204))).toEqual(["deleted", ["DELETE /bucket/k"], ['"e"']]);
    expect(await deleting(() => failure(404, "NoSuchKey"))).toEqual(["deleted", ["DELETE /bucket/k"], ['"e"']]);
  });

  it.each([
    ["another version", head('"f"'), "precondition-failed", 2],
    ["the version, by a server that holds the condition against another text", head('"e"'), "precondition-failed", 2],
    ["nothing, as after an attempt whose answer was lost", failure(404, "NoSuchKey"), "deleted", 2],
    ["what may not be looked at", failure(403, "AccessDenied"), "precondition-failed", 2],
  ])("refused looks at what is there: %s", async (_, found, outcome, requests) => {
    const script: Script = ({ method, path }) => {
      if (method === "HEAD") return path === "/bucket/k" ? found : answer(200);
      return failure(412, "PreconditionFailed");
    };
    const [done, lines] = await deleting(script);
    expect(done).toBe(outcome);
    expect(lines.filter((line) => line.endsWith("/k"))).toHaveLength(requests);
  });

  it("is in vain where the store knows no such condition: nothing is deleted", async () => {
    const [outcome, lines] = await deleting(() => failure(501, "NotImplemented"));
    expect([outcome, lines]).toEqual(["unsupported", ["DELETE /bucket/k"]]);
  });

  it("fails as a delete does", async () => {
    expect((await deleting(() => failure(403, "AccessDenied")))[0]).toBe("denied");
  });
});

describe("a delete that something else answers than the store", () => {
  it("is no success: the page of a network that asks for a login", async () => {
    const page = answer(200, { "content-type": "text/html; charset=utf-8" }, "<html>log in</html>");
    const store = stubbed(await wire(page), { retry: { attempts: 1 } });
    await expect(store.delete("k")).rejects.toMatchObject({ code: "corrupt", retryable: true });
    await expect(store.delete(["a", "b"])).rejects.toMatchObject({ code: "partial", deleted: [] });
    const single = stubbed(await wire(page), { retry: { attempts: 1 }, bulkDelete: false });
    await expect(single.delete(["a"])).rejects.toMatchObject({
      errors: [{ error: { code: "corrupt", retryable: true } }],
    });
  });
});

describe("a delete that the store answers without a word", () => {
  it("is success, whatever type the nothing is said to be", async () => {
    const store = stubbed(await wire(answer(204, { "content-type": "text/html; charset=utf-8" })));
    await store.delete("k");
    await store.delete(["a"]);
    await stubbed(await wire(answer(200))).delete("k");
    await stubbed(await wire(answer(200, { "content-type": "application/xml" }))).delete("k");
  });
});

describe("deleteObjects", () => {
  it("sends many keys as one quiet request with its checksum, and escapes them", async () => {
    const server = await wire(xml("DeleteResult", ""));
    const keys = ["a", "b & <c>", `"d"\r\n`, "漢😀"];
    await stubbed(server, { base: "x" }).delete(keys);
    const [request] = server.requests;
    expect(server.lines()).toEqual(["POST /bucket/?delete="]);
    if (!request) throw new Error("no request");
    expect(keysIn(request)).toEqual(keys.map((key) => `x/${key}`));
    expect(request.headers["x-amz-checksum-sha256"]).toBe(createHash("sha256").update(request.body).digest("base64"));
    expect(request.headers["x-amz-sdk-checksum-algorithm"]).toBe("SHA256");
    expect(request.headers["authorization"]).toContain("x-amz-checksum-sha256");
    expect(childText(readXml(request.body.toString()), "Quiet")).toBe("true");
  });

  it("rejects partial with what is gone and an error per key that is not", async () => {
    const server = await wire(
      xml(
        "DeleteResult",
        refusal("x/b", "AccessDenied") + refusal("x/d", "InternalError") + refusal("x/a", "NoSuchKey"),
      ),
    );
    const error = await partial(stubbed(server, { base: "x" }).delete(["a", "b", "c", "d"]));
    expect(error.deleted).toEqual(["a", "c"]);
    expect(error.errors).toMatchObject([
      { key: "b", error: { code: "denied", key: "b", operation: "delete", response: { code: "AccessDenied" } } },
      { key: "d", error: { code: "unavailable", retryable: true } },
    ]);
    expect(error.retryable).toBe(false);
  });

  it("tells of no key's refusal with the keys of who asked", async () => {
    const { accessKeyId, secretAccessKey } = stubOptions("");
    const said = refusal("a", "AccessDenied").replace("no", `${accessKeyId} ${secretAccessKey}`);
    const error = await partial(stubbed(await wire(xml("DeleteResult", said))).delete(["a", "b"]));
    expect(error.errors?.[0]?.error.message).toContain("the store answered 200 AccessDenied");
    expect(error.errors?.[0]?.error.message).not.toMatch(new RegExp(`${accessKeyId}|${secretAccessKey}`));
  });

  it("asks for those alone again that are refused for a moment, as often as for anything", async () => {
    const busy = (code: string): ReturnType<typeof xml> => xml("DeleteResult", refusal("b", code) + refusal("c", code));
    const server = await wire(
      xml("DeleteResult", refusal("a", "AccessDenied") + refusal("b", "SlowDown") + refusal("c", "InternalError")),
      busy("InternalError"),
      xml("DeleteResult", refusal("c", "SlowDown")),
    );
    const error = await partial(stubbed(server, { retry: { attempts: 3, baseDelay: 0 } }).delete(["a", "b", "c", "d"]));
    expect(server.requests.map(keysIn)).toEqual([
      ["a", "b", "c", "d"],
      ["b", "c"],
      ["b", "c"],
    ]);
    expect(error.errors?.map(({ key, error: { code } }) => [key, code])).toEqual([
      ["a", "denied"],
      ["c", "unavailable"],
    ]);
    expect(error.deleted).toEqual(["b", "d"]);
  });

  it("says of keys that could not be asked for again what they were refused with", async () => {
    const server = await wire(xml("DeleteResult", refusal("b", "SlowDown")), failure(403, "AccessDenied"));
    const error = await partial(stubbed(server, { retry: { baseDelay: 0 } }).delete(["a", "b"]));
    expect(error.errors).toMatchObject([{ key: "b", error: { code: "unavailable" } }]);
    expect(error.deleted).toEqual(["a"]);
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    ["names no key", "<Error><Code>InternalError</Code></Error>"],
    ["names a key that was not asked for", refusal("other", "AccessDenied")],
  ])("claims nothing deleted when an error %s", async (_, inner) => {
    const error = await partial(stubbed(await wire(xml("DeleteResult", inner))).delete(["a", "b"]));
    expect(error.deleted).toEqual([]);
    expect(error.errors?.map(({ key }) => key)).toEqual(["a", "b"]);
  });

  it("names every key when the request itself fails", async () => {
    const error = await partial(stubbed(await wire(failure(403, "AccessDenied"))).delete(["a", "b"]));
    expect(error.deleted).toEqual([]);
    expect(error.errors).toMatchObject([
      { key: "a", error: { code: "denied", key: "a" } },
      { key: "b", error: { code: "denied", key: "b" } },
    ]);
    await expect(stubbed(await wire(failure(404, "NoSuchBucket"))).delete(["a", "b"])).rejects.toMatchObject({
      code: "bucket-not-found",
    });
    const busy = stubbed(await wire(failure(503, "SlowDown")), { retry: { attempts: 1 } });
    const later = await partial(busy.delete(["a", "b"]));
    expect(later).toMatchObject({ retryable: true, errors: [{ error: { response: { status: 503 } } }, {}] });
  });

  it("repeats a batch that fails as a whole as often as any request", async () => {
    const server = await wire(failure(503, "ServiceUnavailable"));
    await partial(stubbed(server, { retry: { attempts: 3, baseDelay: 0 } }).delete(["a", "b"]));
    expect(server.lines()).toEqual(Array(3).fill("POST /bucket/?delete="));
  });

  it("cuts at 1000 keys, and goes key by key where XML cannot carry one or the store has no batches", async () => {
    const script = ({ method }: Received) => (method === "POST" ? xml("DeleteResult", "") : answer(204));
    const server = await wire(script);
    await stubbed(server).delete([...Array.from({ length: 2001 }, (_, index) => `k${index}`), "odd\u0001"]);
    expect(server.requests.filter(({ method }) => method === "POST").map((request) => keysIn(request).length)).toEqual([
      1000, 1000,
    ]);
    expect(
      server
        .lines()
        .filter((line) => line.startsWith("DELETE"))
        .toSorted(),
    ).toEqual(["DELETE /bucket/k2000", "DELETE /bucket/odd%01"]);
    const single = await wire(script);
    await stubbed(single, { bulkDelete: false }).delete(["a", "b"]);
    expect(single.lines().toSorted()).toEqual(["DELETE /bucket/a", "DELETE /bucket/b"]);
  });

  it.each([
    ["Swift", failure(400, "InvalidRequest", "Missing required header for this request: Content-MD5")],
    ["older MinIO", failure(400, "MissingContentMD5")],
    [
      "Backblaze B2",
      failure(400, "InvalidArgument", "Unsupported header 'x-amz-checksum-sha256' received for this API call."),
    ],
    ["one without the operation", failure(501, "NotImplemented")],
    ["one without the method", failure(405, "MethodNotAllowed")],
  ])("goes key by key where the store refuses the form of a batch, and asks for none again: %s", async (_, refused) => {
    const server = await wire(({ method }: Received) => (method === "POST" ? refused : answer(204)));
    const store = stubbed(server);
    await store.delete(["a", "b"]);
    await store.delete(["c", "d"]);
    const [first, ...single] = server.lines();
    expect([first, ...single.toSorted()]).toEqual([
      "POST /bucket/?delete=",
      ...["a", "b", "c", "d"].map((key) => `DELETE /bucket/${key}`),
    ]);
  });

  it("tells of each key what it is refused with by itself, also of a single one", async () => {
    const server = await wire(({ method, path }: Received) =>
      method === "POST" || path.endsWith("/c")
        ? failure(501, "NotImplemented")
        : path.endsWith("/b")
          ? failure(403, "AccessDenied")
          : answer(204),
    );
    const store = stubbed(server);
    const { deleted, errors } = await partial(store.delete(["a", "b"]));
    expect([deleted, errors]).toEqual([["a"], [{ key: "b", error: expect.objectContaining({ code: "denied" }) }]]);
    const backend = await store.getInstance();
    expect(await backend.deleteMany?.(["c" as Key], {})).toEqual([
      { key: "c", error: expect.objectContaining({ code: "unsupported", key: "c" }) },
    ]);
    expect(server.lines().filter((line) => line.endsWith("/c"))).toHaveLength(1);
  });

  it("asks for a batch again where what stands before the store had none, in a page of its own", async () => {
    const page = { bytes: "HTTP/1.1 501 N\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>" };
    const posts = [page, xml("DeleteResult", "")];
    const server = await wire(({ method }: Received) => (method === "POST" ? (posts.shift() ?? page) : answer(204)));
    const store = stubbed(server);
    await store.delete(["a", "b"]);
    await store.delete(["c", "d"]);
    expect(server.requests.map(({ method }) => method)).toEqual(["POST", "DELETE", "DELETE", "POST"]);
  });

  it.each([
    ["a batch that was damaged on its way", failure(400, "BadDigest", "The Content-MD5 did not match.")],
    ["a right that lacks", failure(403, "AccessDenied", "no MD5")],
    ["what it does not say", failure(400, "InvalidRequest")],
    ["its keys", xml("DeleteResult", refusal("a", "NotImplemented") + refusal("b", "NotImplemented"))],
  ])("does not go key by key for %s", async (_, refused) => {
    const server = await wire(({ method }: Received) => (method === "POST" ? refused : answer(204)));
    const error = await partial(stubbed(server).delete(["a", "b"]));
    expect([error.deleted, error.errors?.length]).toEqual([[], 2]);
    expect(server.requests.every(({ method }) => method === "POST")).toBe(true);
  });

  it.each([
    ["one", "a", "DELETE /bucket/a"],
    ["many", ["a", "b"], "POST /bucket/?delete="],
  ])("of %s hears an abort while the store does not answer", async (_, keys, line) => {
    const control = new AbortController();
    const server = await wire(() => {
      control.abort("left");
      return { bytes: "", then: "hang" };
    });
    await expect(stubbed(server).delete(keys, { signal: control.signal })).rejects.toBe("left");
    expect(server.lines()).toEqual([line]);
  });

  it("of no keys asks nothing, and of one key twice asks once", async () => {
    const server = await wire(answer(204));
    await stubbed(server).delete([]);
    expect(server.requests).toHaveLength(0);
    await stubbed(server).delete(["a", "a"]);
    expect(server.lines()).toEqual(["DELETE /bucket/a"]);
  });
});
