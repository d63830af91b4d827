import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request as httpRequest, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve, toNodeHandler } from "srvx/node";
import { describe, expect, it, onTestFinished } from "vitest";
import fs from "../../drivers/fs.ts";
import memory from "../../drivers/memory.ts";
import { gateway, type GatewayOptions } from "../../src/gateway.ts";
import type { ObjectStore } from "../../src/interface.ts";
import type { FlatListOptions } from "../../src/listing.ts";
import { processorTimeOf } from "../support/processor.ts";
import { unhandledRejections } from "../support/unhandled.ts";
import { EXAMPLE, framed, type Plain, sha256, type Signer, signHeader, signQuery } from "./gateway/signer.ts";

const signer: Signer = { ...EXAMPLE, accessKeyId: "AKIDGATEWAY", secretAccessKey: "gateway/secret", date: new Date() };
const options: GatewayOptions = { bucket: "bucket", credentials: signer };
const ORIGIN = "http://gateway.example";

const codeOf = async (response: Response): Promise<string> =>
  `${response.status} ${/<Code>(\w+)<\/Code>/.exec(await response.text())?.[1] ?? ""}`.trim();

/** A request that is signed in its header. */
function signed(method: string, path: string, body?: string | Uint8Array, more: Partial<Plain> = {}): Request {
  const url = `${ORIGIN}/${path}`;
  const { headers } = signHeader({ method, url, hash: sha256(body ?? ""), ...more }, signer);
  return new Request(url, { method, headers, ...(body !== undefined && { body: body as BodyInit }) });
}

async function keysIn(store: ObjectStore): Promise<unknown[]> {
  const keys: unknown[] = [];
  for await (const { key } of store.list()) keys.push(key);
  return keys;
}

describe("the gateway", () => {
  it("answers on the endpoint with its one bucket, and on no other path that begins with two slashes", async () => {
    const { fetch } = gateway(memory(), options);
    expect(await (await fetch(signed("GET", ""))).text()).toContain("<Name>bucket</Name>");
    for (const path of ["/bucket", "/bucket/a", "//"])
      expect(await codeOf(await fetch(signed("GET", path))), path).toBe("404 NoSuchBucket");
    const other = await fetch(signed("GET", "other/a"));
    expect(await other.clone().text()).toContain("<BucketName>other</BucketName>");
    expect(await codeOf(other)).toBe("404 NoSuchBucket");
  });

  it("writes before a host that aborts the signal of a request when its body has been handed on", async () => {
    const store = memory();
    const { fetch } = gateway(store, options);
    const control = new AbortController();
    const handed = (request: Request): Request => {
      const body = request.body?.pipeThrough(new TransformStream({ flush: () => control.abort() })) ?? null;
      return new Request(request.url, {
        ...request,
        method: request.method,
        headers: request.headers,
        body,
        duplex: "half",
        signal: control.signal,
      } as RequestInit);
    };
    expect((await fetch(handed(signed("PUT", "bucket/a", "bytes")))).status).toBe(200);
    const document = "<Delete><Object><Key>a</Key></Object></Delete>";
    expect((await fetch(handed(signed("POST", "bucket?delete", document)))).status).toBe(200);
    expect(control.signal.aborted).toBe(true);
    expect(await keysIn(store)).toEqual([]);
  });

  it("tells its owner why a write fails, before such a host too", async () => {
    const told: unknown[] = [];
    const failing = { ...memory(), upload: () => Promise.reject(new Error("the disk is full")) };
    const { fetch } = gateway(failing, { ...options, onError: (error) => told.push(error) });
    const request = new Request(signed("PUT", "bucket/a", "bytes"), { signal: AbortSignal.abort() });
    expect((await fetch(request)).status).toBe(500);
    expect(told).toMatchObject([{ message: "the disk is full" }]);
  });

  it("tells its owner of a read that fails, but not where its client has gone", async () => {
    const told: unknown[] = [];
    const failing = { ...memory(), download: () => Promise.reject(new Error("the disk is gone")) };
    const { fetch } = gateway(failing, { ...options, onError: (error) => told.push(error) });
    const asked = signed("GET", "bucket/a");
    expect((await fetch(new Request(asked, { signal: AbortSignal.abort() }))).status).toBe(500);
    expect(told).toEqual([]);
    expect((await fetch(asked)).status).toBe(500);
    expect(told).toMatchObject([{ message: "the disk is gone" }]);
  });

  it("gives the store the signal of what reads, so that it works for nobody who is gone", async () => {
    const store = memory();
    await store.upload("a", "bytes");
    const { uploadId } = await store.createMultipartUpload("a");
    const signals: (AbortSignal | undefined)[] = [];
    const noting = <T extends { readonly signal?: AbortSignal | undefined }>(called: T | undefined): T | undefined => {
      signals.push(called?.signal);
      return called;
    };
    const { fetch } = gateway(
      {
        ...store,
        list: (called?: FlatListOptions) => store.list(noting(called)),
        listUploads: (called) => store.listUploads(noting(called)),
        download: (key, called) => store.download(key, noting(called)),
        async resumeMultipartUpload(...call) {
          const upload = await store.resumeMultipartUpload(...call);
          return { ...upload, parts: (called) => upload.parts(noting(called)) };
        },
      },
      options,
    );
    const control = new AbortController();
    const paths = ["bucket", "bucket?list-type=2", "bucket?uploads", "bucket/a", `bucket/a?uploadId=${uploadId}`];
    for (const path of paths) await fetch(new Request(signed("GET", path), { signal: control.signal }));
    control.abort();
    expect(signals.map((signal) => signal?.aborted)).toEqual(paths.map(() => true));
  });

  it("says the length of every answer, but of those that HTTP has end without one", async () => {
    const store = memory();
    const { etag } = await store.upload("a", "bytes");
    const { fetch } = gateway(store, options);
    const lengthOf = async (request: Request): Promise<readonly [length: string | null, bytes: number]> => {
      const response = await fetch(request);
      return [response.headers.get("content-length"), (await response.arrayBuffer()).byteLength];
    };
    for (const path of ["bucket", "bucket/none"]) {
      const [length, bytes] = await lengthOf(signed("GET", path));
      expect([length, bytes > 0]).toEqual([String(bytes), true]);
    }
    expect(await lengthOf(signed("PUT", "bucket/b", "bytes"))).toEqual(["0", 0]);
    expect(await lengthOf(signed("DELETE", "bucket/b"))).toEqual([null, 0]);
    const same = signed("GET", "bucket/a");
    same.headers.set("if-none-match", etag);
    expect(await lengthOf(same)).toEqual([null, 0]);
  });

  it("lets nobody do anything unsigned", async () => {
    const store = memory();
    await store.upload("a", "secret");
    const { fetch } = gateway(store, options);
    for (const method of ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "PROPFIND"])
      for (const path of [
        "",
        "bucket",
        "bucket/a",
        "bucket?list-type=2",
        "bucket?delete",
        "bucket/a?uploads",
        "other",
      ]) {
        const body = ["GET", "HEAD"].includes(method) ? null : "<x/>";
        const response = await fetch(`${ORIGIN}/${path}`, { method, body });
        expect(response.status, `${method} ${path}`).toBe(403);
        expect(await response.text()).not.toContain("secret");
      }
    expect(await keysIn(store)).toEqual(["a"]);
  });

  it("makes the copy that a presigned URL asks for in its query, and leaves what it cannot do as it was", async () => {
    const store = memory();
    for (const key of ["a", "b"]) await store.upload(key, `<${key}>`);
    const { fetch } = gateway(store, options);
    const copy = (from: string): Promise<Response> =>
      fetch(signQuery({ method: "PUT", url: `${ORIGIN}/bucket/b` }, signer, { "x-amz-copy-source": from }), {
        method: "PUT",
      });
    expect(await codeOf(await copy("bucket/none"))).toBe("404 NoSuchKey");
    expect(await (await store.download("b")).text()).toBe("<b>");
    expect(await codeOf(await copy("bucket/a"))).toBe("200");
    expect(await (await store.download("b")).text()).toBe("<a>");
  });

  it("holds the body against the hash that stands in a presigned URL", async () => {
    const store = memory();
    const { fetch } = gateway(store, options);
    const url = signQuery({ method: "PUT", url: `${ORIGIN}/bucket/a`, hash: sha256("right") }, signer, {
      "X-Amz-Content-Sha256": sha256("right"),
    });
    expect(await codeOf(await fetch(url, { method: "PUT", body: "wrong" }))).toBe("400 XAmzContentSHA256Mismatch");
    expect(await keysIn(store)).toEqual([]);
    expect(await codeOf(await fetch(url, { method: "PUT", body: "right" }))).toBe("200");
  });

  it("takes what fetch takes, and rejects only what is no request", async () => {
    const store = memory();
    const { fetch } = gateway(store, { ...options, publicPrefixes: [""] });
    await store.upload("a", "text");
    const url = `${ORIGIN}/bucket/a`;
    for (const input of [url, new URL(url), new Request(url)]) expect(await (await fetch(input)).text()).toBe("text");
    const head = await fetch(new Request(url), { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    await expect(fetch("/bucket/a")).rejects.toThrow(TypeError);
  });

  it("gives every answer an id of its own", async () => {
    const { fetch } = gateway(memory(), options);
    const ids = await Promise.all(
      Array.from({ length: 50 }, async () => (await fetch(signed("GET", "bucket"))).headers.get("x-amz-request-id")),
    );
    expect(new Set(ids).size).toBe(50);
    expect(ids.every((id) => /^[\dA-F]{16}$/.test(id ?? ""))).toBe(true);
  });

  it("answers many headers and parameters in little time", async () => {
    const { fetch } = gateway(memory(), options);
    const many = Array.from({ length: 10_000 }, (_, index) => `x-amz-meta-${index}`);
    const { headers } = signHeader({ method: "GET", url: `${ORIGIN}/bucket` }, signer);
    const crowded = { ...headers, ...Object.fromEntries(many.map((name) => [name, "v"])) };
    const time = await processorTimeOf(async () => {
      expect(await codeOf(await fetch(`${ORIGIN}/bucket`, { headers: crowded }))).toBe("403 AccessDenied");
      expect(await codeOf(await fetch(`${ORIGIN}/bucket?${many.join("&")}`, { headers }))).toBe(
        "403 SignatureDoesNotMatch",
      );
    });
    expect(time).toBeLessThan(5000);
  });

  it("repeats no secret, no signature that would be right and no place of the machine in what it refuses", async () => {
    const base = await mkdtemp(join(tmpdir(), "unbucket-gateway-"));
    onTestFinished(() => rm(base, { recursive: true }));
    const { fetch } = gateway(fs({ base }), options);
    const { headers, signature } = signHeader({ method: "GET", url: `${ORIGIN}/bucket/a` }, signer);
    const wrong = headers["authorization"]?.replace(signature, "0".repeat(64)) ?? "";
    const answers = await Promise.all([
      fetch(`${ORIGIN}/bucket/a`, { headers: { ...headers, authorization: wrong } }),
      fetch(signed("GET", "bucket/none")),
      fetch(signed("GET", `bucket/${"x".repeat(1025)}`)),
      fetch(signed("PUT", `bucket/${"x/".repeat(500)}x`, "a")),
      fetch(signed("PUT", "bucket/a%00b", "a", { headers: { "x-amz-meta-a": "b".repeat(3000) } })),
      fetch(signed("GET", "bucket?list-type=2&continuation-token=x")),
      fetch(signed("PUT", "bucket/a?partNumber=1&uploadId=..%2F..%2Fetc", "a")),
    ]);
    for (const answer of answers) {
      const text = await answer.text();
      for (const hidden of [signer.secretAccessKey, signature, base, tmpdir(), "node:", ".ts"])
        expect(text).not.toContain(hidden);
    }
  });
});

describe("publicPrefixes", () => {
  const setUp = async (
    publicPrefixes: readonly string[],
  ): Promise<(path: string, init?: RequestInit) => Promise<string>> => {
    const store = memory();
    for (const key of ["public/a", "public/sub/b", "publicity", "private/c", "Public/d", "public"])
      await store.upload(key, `<${key}>`);
    const { fetch } = gateway(store, { ...options, publicPrefixes });
    return async (path, init) => {
      const response = await fetch(`${ORIGIN}/${path}`, init);
      const text = await response.text();
      return response.ok ? `${response.status} ${text}`.trim() : `${/<Code>(\w+)</.exec(text)?.[1] ?? response.status}`;
    };
  };

  it("let anybody read what is below one, and see that it is there", async () => {
    const ask = await setUp(["public/"]);
    expect(await ask("bucket/public/a")).toBe("200 <public/a>");
    expect(await ask("bucket/public%2Fsub/%62")).toBe("200 <public/sub/b>");
    expect(await ask("bucket/public/a", { method: "HEAD" })).toBe("200");
    expect(await ask("bucket/public/none")).toBe("NoSuchKey");
    expect(await ask("bucket/public/a", { headers: { range: "bytes=1-3" } })).toBe("206 pub");
    expect(await ask("bucket/public/a?x-amz-anything=1&utm_source=mail")).toBe("200 <public/a>");
  });

  it.each([
    "bucket/private/c",
    "bucket/publicity",
    "bucket/public",
    "bucket/Public/d",
    "bucket/public/../private/c",
    "bucket/public/%2e%2e/private/c",
    "bucket/public\\..\\private/c",
    "bucket//public/a",
    "bucket/%2Fpublic/a",
    "/bucket/public/a",
    "other/public/a",
    "bucket",
    "bucket/",
    "bucket/?prefix=public/",
    "bucket?list-type=2&prefix=public%2F",
    "",
  ])("do not let anybody read what only looks to be below one: %s", async (path) => {
    expect(await (await setUp(["public/"]))(path)).toBe("AccessDenied");
  });

  it("refuse a key that leads out of one by an encoded segment", async () => {
    const ask = await setUp(["public/"]);
    for (const path of ["bucket/public/..%2Fprivate/c", "bucket/public/%2e%2e%2Fprivate/c", "bucket/public/.%2Fa"])
      expect(await ask(path)).toBe("InvalidURI");
  });

  it("let nobody list parts, choose headers of the answer, or change anything", async () => {
    const ask = await setUp(["public/"]);
    expect(await ask("bucket/public/a?uploadId=1")).toBe("AccessDenied");
    expect(await ask("bucket/public/a?response-content-type=text/html")).toBe("InvalidRequest");
    for (const query of ["acl", "tagging", "versionId=1", "torrent", "attributes"])
      expect(await ask(`bucket/public/a?${query}`)).toMatch(/^(NotImplemented|MethodNotAllowed|AccessDenied)$/);
    for (const method of ["PUT", "POST", "DELETE", "OPTIONS", "PATCH"])
      expect(await ask("bucket/public/a", { method, body: "x" }), method).toBe("AccessDenied");
    const copy = { method: "PUT", headers: { "x-amz-copy-source": "bucket/private/c" } };
    expect(await ask("bucket/public/a", copy)).toBe("AccessDenied");
  });

  it("do not help a signature that is wrong", async () => {
    const ask = await setUp(["public/"]);
    const { headers } = signHeader(
      { method: "GET", url: `${ORIGIN}/bucket/public/a` },
      { ...signer, secretAccessKey: "x" },
    );
    expect(await ask("bucket/public/a", { headers })).toBe("SignatureDoesNotMatch");
    expect(await ask("bucket/public/a?X-Amz-Signature=0")).toBe("AuthorizationQueryParametersError");
  });

  it("that are empty let anybody read all, and list nothing", async () => {
    const ask = await setUp([""]);
    expect(await ask("bucket/private/c")).toBe("200 <private/c>");
    expect(await ask("bucket/private/c", { method: "DELETE" })).toBe("AccessDenied");
    for (const path of ["bucket", "bucket/", ""]) expect(await ask(path)).toBe("AccessDenied");
  });
});

describe("a gateway that is set up wrongly", () => {
  it("answers 500, tells its owner why, and the client nothing, also when what it tells fails", async () => {
    const heard = unhandledRejections();
    for (const wrong of [
      undefined,
      null,
      {},
      { ...options, bucket: "No Bucket" },
      { ...options, credentials: "secret" },
    ]) {
      const told: unknown[] = [];
      const onErrors = [
        (error: unknown) => void told.push(error),
        () => {
          throw new Error("the observer's own");
        },
        () => Promise.reject(new Error("the observer's own")),
      ];
      for (const onError of onErrors) {
        const given = (wrong ? { ...wrong, onError } : wrong) as GatewayOptions;
        const response = await gateway(memory(), given).fetch(signed("GET", "bucket"));
        expect(response.status).toBe(500);
        expect(await response.text()).toMatch(/<Code>InternalError<.*We encountered an internal error/);
      }
      if (wrong) expect(told).toMatchObject([{ code: "invalid-option" }]);
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual([]);
  });

  it("goes on answering others while its credentials are not found", async () => {
    const { fetch } = gateway(memory(), {
      ...options,
      credentials: (accessKeyId) => (accessKeyId === "SLOW" ? new Promise(() => {}) : signer.secretAccessKey),
    });
    const url = `${ORIGIN}/bucket`;
    void fetch(url, { headers: signHeader({ method: "GET", url }, { ...signer, accessKeyId: "SLOW" }).headers });
    expect((await fetch(signed("GET", "bucket"))).status).toBe(200);
  });
});

describe("a gateway behind a server", () => {
  interface Running {
    readonly store: ObjectStore;
    readonly url: URL;
    /** Everything in the folder. */
    readonly files: () => Promise<string[]>;
    readonly connections: () => number;
  }

  async function running(): Promise<Running> {
    const base = await mkdtemp(join(tmpdir(), "unbucket-gateway-"));
    const store = fs({ base });
    const { fetch } = gateway(store, options);
    const server = serve({ fetch: (request) => fetch(request), port: 0, hostname: "127.0.0.1", silent: true });
    await server.ready();
    let connections = 0;
    server.node?.server?.on("connection", () => connections++);
    onTestFinished(async () => {
      await server.close(true);
      await rm(base, { recursive: true });
    });
    const files = async (): Promise<string[]> =>
      (await readdir(base, { recursive: true, withFileTypes: true }))
        .filter((one) => one.isFile())
        .map(({ name }) => name);
    return { store, url: new URL(server.url as string), files, connections: () => connections };
  }

  const big = Buffer.alloc(8 * 2 ** 20, "a");

  it("answers a large upload that it refuses, and the next request", async () => {
    const heard = unhandledRejections();
    const { url, store } = await running();
    const target = `${url.origin}/bucket/a`;
    const put = (headers: Record<string, string>, to = target): Promise<Response> =>
      fetch(to, { method: "PUT", headers, body: big });
    const { host: _, ...wrong } = signHeader({ method: "PUT", url: target, hash: sha256("other") }, signer).headers;
    const pieces = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    const inPieces = { "x-amz-decoded-content-length": String(big.length) };
    const { host: __, ...unframed } = signHeader(
      { method: "PUT", url: target, headers: inPieces, hash: pieces },
      signer,
    ).headers;
    for (let turn = 0; turn < 3; turn++) {
      expect(await codeOf(await put({}))).toBe("403 AccessDenied");
      expect(await codeOf(await put(wrong))).toBe("400 XAmzContentSHA256Mismatch");
      expect(await codeOf(await put(unframed))).toBe("400 IncompleteBody");
      expect(await codeOf(await put({}, `${target}?X-Amz-Signature=1`))).toBe("400 AuthorizationQueryParametersError");
    }
    expect(await keysIn(store)).toEqual([]);
    expect(heard).toEqual([]);
  });

  it("stores nothing of an upload whose client goes away, and leaves nothing behind", async () => {
    const heard = unhandledRejections();
    const { url, store, files } = await running();
    await store.upload("before", "x");
    const left = await files();
    const target = `${url.origin}/bucket/a`;
    const signature = signHeader({ method: "PUT", url: target }, signer).headers;
    const pieces = signHeader(
      {
        ...{ method: "PUT", url: target, hash: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" },
        headers: { "x-amz-decoded-content-length": String(big.length) },
      },
      signer,
    );
    const wire = framed([big], pieces.signature, signer).bytes;
    for (const [headers, body] of [
      [signature, big],
      [pieces.headers, wire],
    ] as const) {
      const client = httpRequest(target, { method: "PUT", headers: { ...headers, "content-length": body.length } });
      const gone = new Promise((resolve) => client.on("close", resolve));
      client.on("error", () => {});
      client.write(body.subarray(0, 4 * 2 ** 20));
      await expect.poll(async () => (await files()).length).toBeGreaterThan(left.length);
      client.destroy();
      await gone;
      await expect.poll(files).toEqual(left);
    }
    expect(await keysIn(store)).toEqual(["before"]);
    expect(heard).toEqual([]);
  });

  it.each([
    ["400 InvalidURI", options],
    ["500 InternalError", { ...options, bucket: "?" }],
  ])("answers %s, and ends no process, where a client writes a host that is none", async (expected, given) => {
    const server = createServer(toNodeHandler(gateway(memory(), given).fetch) as RequestListener);
    onTestFinished(() => void server.close());
    await once(server.listen(0), "listening");
    const heard = unhandledRejections();
    const { port } = server.address() as AddressInfo;
    for (const host of ["localhost:99999", "xn--a", "1.2.3.4.5"]) {
      const asked = httpRequest({
        port,
        path: "/bucket/a",
        headers: { host, connection: "close" },
        timeout: 2000,
      }).end();
      const [answer] = (await once(asked, "response")) as [IncomingMessage];
      const body = Buffer.concat(await answer.toArray()).toString();
      expect(await codeOf(new Response(body, { status: answer.statusCode ?? 0 })), host).toBe(expected);
    }
    expect(heard).toEqual([]);
  });

  it("keeps a connection over small requests that it refuses", async () => {
    const { url, connections } = await running();
    const target = `${url.origin}/bucket/a`;
    const presigned = signQuery({ method: "GET", url: target }, signer);
    for (let turn = 0; turn < 20; turn++) {
      expect(await codeOf(await fetch(presigned, { method: "PUT", body: "x" }))).toBe("403 SignatureDoesNotMatch");
      expect(await codeOf(await fetch(presigned))).toBe("404 NoSuchKey");
    }
    expect(connections()).toBeLessThan(5);
  });
});
