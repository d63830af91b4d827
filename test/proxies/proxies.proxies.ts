import { randomBytes } from "node:crypto";
import { createServer, request, type IncomingHttpHeaders, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { toNodeHandler } from "srvx/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import memory from "../../drivers/memory.ts";
import s3 from "../../drivers/s3.ts";
import { gateway } from "../../src/gateway.ts";
import { respond, toResponse } from "../../src/respond.ts";
import { conformance } from "../support/conformance.ts";
import { startProxy, type Proxy } from "./proxy.ts";

const proxies: readonly Proxy[] = ["nginx", "apache"];
const keys = { accessKeyId: "proxied", secretAccessKey: "proxied-secret" } as const;
const partSize = 5 * 1024 * 1024;

/** A gateway of one bucket for each proxy at the root, and an app as README.md has it at `/files/`. */
const store = memory();
const gateways = new Map(proxies.map((bucket) => [`${bucket}`, gateway(memory(), { bucket, credentials: keys })]));
async function handle(incoming: Request): Promise<Response> {
  const { pathname } = new URL(incoming.url);
  if (pathname === "/ready") return new Response("yes");
  const endpoint = gateways.get(pathname.split("/")[1] ?? "");
  if (endpoint) return endpoint.fetch(incoming);
  try {
    const key = decodeURIComponent(pathname.slice("/files/".length));
    if (incoming.method !== "PUT") return await respond(store, key, incoming);
    const { size, etag } = await store.upload(key, incoming, {
      ifMatch: incoming.headers.get("if-match") ?? undefined,
    });
    return Response.json({ key, size, etag });
  } catch (error) {
    return toResponse(error);
  }
}

// It keeps idle connections longer than the proxies do: who ends one may meet a request that is on its way.
const origin = createServer({ keepAliveTimeout: 600_000 }, toNodeHandler(handle) as RequestListener);
const started = new Map<Proxy, Awaited<ReturnType<typeof startProxy>>>();
const urlOf = (name: Proxy): string => started.get(name)?.url ?? "";
beforeAll(async () => {
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  for (const name of proxies) started.set(name, await startProxy(name, url));
});
afterAll(() => {
  for (const { stop } of started.values()) stop();
  origin.close();
  origin.closeAllConnections();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The path as it stands: `fetch` would fold it. */
function ask(name: Proxy, method: string, path: string, headers = {}, body?: Buffer | string): Promise<Answer> {
  const { hostname: host, port } = new URL(urlOf(name));
  return new Promise((resolve, reject) => {
    request({ host, port, method, path: `/files/${name}/${path}`, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece)).on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces) }),
      );
    })
      .on("error", reject)
      .end(body);
  });
}

for (const name of proxies)
  conformance(
    `s3 before a gateway behind ${name}`,
    async () => ({ driver: s3({ ...keys, bucket: name, endpoint: urlOf(name), partSize }) }),
    { capabilities: ["presign", "multipart", "uploads"], partSize },
  );

describe.each(proxies)("an app behind %s", (name) => {
  it.each(["a%20b%2Bc", "%C3%BC%23%3F%25", "x%2Fy", "a//b", "q%2525", "semi;v=1", "trail/"])(
    "hears of the key that the client has: %s",
    async (path) => {
      const { status, body } = await ask(name, "PUT", path, { "content-type": "text/x-key" }, "k");
      expect([status, JSON.parse(`${body}`).key]).toEqual([200, `${name}/${decodeURIComponent(path)}`]);
      expect((await ask(name, "GET", path)).body.toString()).toBe("k");
    },
  );

  it("takes and gives more than a megabyte, and parts of it", async () => {
    const bytes = randomBytes(3_000_000);
    expect((await ask(name, "PUT", "big.bin", {}, bytes)).status).toBe(200);
    expect((await ask(name, "GET", "big.bin")).body.equals(bytes)).toBe(true);
    const part = await ask(name, "GET", "big.bin", { range: "bytes=2000000-2000009" });
    expect([part.status, part.body.equals(bytes.subarray(2_000_000, 2_000_010))]).toEqual([206, true]);
  });

  it("meets ETags that compression has changed, as the document says", async () => {
    const text = "hello world ".repeat(5000);
    const { body } = await ask(name, "PUT", "t.txt", { "content-type": "text/plain" }, text);
    const own: string = JSON.parse(`${body}`).etag;
    const read = await ask(name, "GET", "t.txt", { "accept-encoding": "gzip" });
    expect([read.headers["content-encoding"], gunzipSync(read.body).toString() === text]).toEqual(["gzip", true]);
    const seen = read.headers.etag ?? "";
    expect(seen).toBe(name === "nginx" ? `W/${own}` : own.replace(/"$/, '-gzip"'));
    const again = await ask(name, "GET", "t.txt", { "accept-encoding": "gzip", "if-none-match": seen });
    expect(again.status).toBe(name === "nginx" ? 304 : 200);
    const write = (etag: string): Promise<Answer> =>
      ask(name, "PUT", "t.txt", { "content-type": "text/plain", "if-match": etag }, text);
    expect((await write(seen)).status).toBe(412);
    expect((await write(own)).status).toBe(200);
  });
});
