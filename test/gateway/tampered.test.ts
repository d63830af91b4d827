import { describe, expect, it } from "vitest";
import memory from "../../drivers/memory.ts";
import { gateway } from "../../src/gateway.ts";
import type { ObjectStore } from "../../src/interface.ts";
import { chance } from "../support/chance.ts";
import { EXAMPLE, sha256, type Signer, signHeader, signQuery } from "../src/gateway/signer.ts";

describe("a signed request of which one byte is changed", () => {
  const signer: Signer = { ...EXAMPLE, accessKeyId: "AKIDGATEWAY", date: new Date() };
  const PRINTABLE = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._~!'()*%+=&?/;:@, ";
  const random = chance(1);

  function other(text: string, at: number, among: string): string {
    let by = among[Math.floor(random() * among.length)] as string;
    while (by.toLowerCase() === text[at]?.toLowerCase()) by = among[Math.floor(random() * among.length)] as string;
    return text.slice(0, at) + by + text.slice(at + 1);
  }

  /** What a request asks for, however it is written. */
  function meaning(request: Request): string {
    const { pathname, search } = new URL(request.url);
    try {
      return decodeURIComponent(pathname) + decodeURIComponent(search.replaceAll("+", " "));
    } catch {
      return request.url;
    }
  }

  async function keysIn(store: ObjectStore): Promise<(string | undefined)[]> {
    const keys: (string | undefined)[] = [];
    for await (const { key } of store.list()) keys.push(key);
    return keys;
  }

  async function expectRefused(requests: readonly (() => Request)[], original: Request): Promise<number> {
    const store = memory();
    const { fetch } = gateway(store, { bucket: "bucket", credentials: signer });
    let asked = 0;
    for (const make of requests) {
      let request: Request;
      try {
        request = make();
      } catch {
        // No client can send it.
        continue;
      }
      if (request.method === original.method && request.url !== original.url && meaning(request) === meaning(original))
        continue;
      asked++;
      const line = `${request.method} ${request.url} ${JSON.stringify([...request.headers])}`;
      const { status } = await fetch(request);
      expect(status, line).toBeGreaterThanOrEqual(400);
      expect(status, line).toBeLessThan(500);
    }
    expect(await keysIn(store)).toEqual([]);
    expect((await fetch(original)).status).toBe(200);
    expect(await keysIn(store)).toEqual(["f o/ü+.txt"]);
    return asked;
  }

  const positions = (text: string): number[] => Array.from({ length: text.length }, (_, at) => at);
  const url = "http://gateway.example/bucket/f%20o/%C3%BC%2B.txt?x-id=PutObject&b=%2F";
  const start = url.indexOf("/", 8) + 1;
  const body = "Welcome to the gateway.";

  it("is refused, when it is signed in the header", async () => {
    const extra = { "content-type": "text/plain; charset=utf-8", "x-amz-meta-name": "a value" };
    const { headers } = signHeader({ method: "PUT", url, headers: extra, hash: sha256(body) }, signer);
    const made = (more: { method?: string; url?: string; headers?: Record<string, string>; body?: string }) => () =>
      new Request(more.url ?? url, { method: "PUT", headers, body, ...more });
    const changed = [
      ...positions("PUT").map((at) => made({ method: other("PUT", at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") })),
      ...positions(url)
        .slice(start)
        .map((at) => made({ url: other(url, at, PRINTABLE) })),
      ...positions(body).map((at) => made({ body: other(body, at, PRINTABLE) })),
      ...Object.entries(headers).flatMap(([name, value]) => [
        // Without a host the URL's is taken, which is the same.
        ...(name === "host" ? [] : positions(name)).map((at) => {
          const { [name]: _, ...rest } = headers;
          return made({ headers: { ...rest, [other(name, at, "abcdefghijklmnopqrstuvwxyz-")]: value } });
        }),
        ...positions(value).map((at) => made({ headers: { ...headers, [name]: other(value, at, PRINTABLE) } })),
      ]),
    ];
    expect(await expectRefused(changed, made({})())).toBeGreaterThan(450);
  });

  it("is refused, when it is signed in the query", async () => {
    const signed = signQuery({ method: "PUT", url, headers: { "content-length": String(body.length) } }, signer);
    const made = (more: { method?: string; url?: string; length?: number }) => () =>
      new Request(more.url ?? signed, {
        method: more.method ?? "PUT",
        headers: { "content-length": String(more.length ?? body.length) },
        body,
      });
    const changed = [
      ...positions("PUT").map((at) => made({ method: other("PUT", at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") })),
      ...positions(signed)
        .slice(start)
        .map((at) => made({ url: other(signed, at, PRINTABLE) })),
      made({ length: body.length + 1 }),
      made({ length: body.length - 1 }),
    ];
    expect(await expectRefused(changed, made({})())).toBeGreaterThan(300);
  });
});
