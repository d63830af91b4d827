import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mainPlaces, places, type Playground, start } from "./playground/start.ts";
import { breakOff, readAll, sendHead } from "./playground/wire.ts";

const UGLY = [
  "a b",
  "a%2Fb",
  "ä/日本.txt",
  "/lead",
  "a?b#c",
  "100%",
  "+plus+",
  "q&r=s",
  "party 🎉",
  "a\\b",
  "..a/b..",
  "C:",
  "nul",
];
/** MinIO refuses an empty segment in the middle, SeaweedFS takes a trailing slash for a folder. */
const ONLY_ON_A_FOLDER = ["x//y", "x/y/"];

describe.each(places)("the playground's files on $name", (place) => {
  let app: Playground;
  beforeAll(async () => {
    app = await start(place);
  });
  afterAll(() => app.close());

  const put = (path: string, body: BodyInit, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(app.url + path, { method: "PUT", body, headers });

  it("PUT answers 201 with key, url, size, etag and type, and GET gives the bytes back", async () => {
    const body = randomBytes(9 * 1024 * 1024);
    const answer = await put("/files/docs/big.bin", body, { "content-type": "application/x-thing" });
    expect(answer.status).toBe(201);
    const stored = (await answer.json()) as Record<string, unknown>;
    expect(stored).toEqual({
      key: "docs/big.bin",
      url: "/files/docs/big.bin",
      size: body.byteLength,
      etag: expect.stringMatching(/^".+"$/),
      contentType: "application/x-thing",
    });
    const back = await fetch(`${app.url}/files/docs/big.bin`);
    expect(back.headers.get("etag")).toBe(stored["etag"]);
    expect(sha256(new Uint8Array(await back.arrayBuffer()))).toBe(sha256(body));
  });

  it("PUT takes a body of unknown length", async () => {
    const body = new Blob([randomBytes(300_000)]).stream();
    const init = { method: "PUT", body, duplex: "half" } as RequestInit;
    const answer = await fetch(`${app.url}/files/chunked.bin`, init);
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ size: 300_000 });
  });

  it("GET and HEAD go through respond: range, condition, 416 and 404", async () => {
    const { etag } = (await (await put("/files/hello.txt", "hello world")).json()) as { etag: string };
    const part = await fetch(`${app.url}/files/hello.txt`, { headers: { range: "bytes=6-" } });
    expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([
      206,
      "world",
      "bytes 6-10/11",
    ]);
    const same = await fetch(`${app.url}/files/hello.txt`, { headers: { "if-none-match": etag } });
    expect(same.status).toBe(304);
    const beyond = await fetch(`${app.url}/files/hello.txt`, { headers: { range: "bytes=99-" } });
    expect(beyond.status).toBe(416);
    const head = await fetch(`${app.url}/files/hello.txt`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "11", ""]);
    await expectRefused(await fetch(`${app.url}/files/none`), 404, "not-found");
  });

  it("PUT honours If-None-Match: * and If-Match", async () => {
    const { etag } = (await (await put("/files/once", "1", { "if-none-match": "*" })).json()) as { etag: string };
    await expectRefused(await put("/files/once", "2", { "if-none-match": "*" }), 412, "precondition-failed");
    await expectRefused(await put("/files/once", "2", { "if-match": '"other"' }), 412, "precondition-failed");
    await expectRefused(await put("/files/once", "2", { "if-none-match": etag }), 400, "invalid-option");
    expect((await put("/files/once", "3", { "if-match": etag })).status).toBe(201);
    expect(await (await fetch(`${app.url}/files/once`)).text()).toBe("3");
  });

  it("a refused upload of several megabytes gets its answer, not a reset", async () => {
    await put("/files/taken", "1");
    const answer = await put("/files/taken", randomBytes(20 * 1024 * 1024), { "if-none-match": "*" });
    await expectRefused(answer, 412, "precondition-failed");
  });

  it.each(place.name === "a folder" ? [...UGLY, ...ONLY_ON_A_FOLDER] : UGLY)(
    "the key %j travels as ?key= and in the path",
    async (key) => {
      const named = `/files?key=${encodeURIComponent(key)}`;
      const answer = await put(named, key);
      expect([answer.status, ((await answer.json()) as { key: string }).key]).toEqual([201, key]);
      expect(await (await fetch(app.url + named)).text()).toBe(key);
      const path = `/files/${key.split("/").map(encodeURIComponent).join("/")}`;
      expect(await (await fetch(app.url + path)).text()).toBe(key);
      expect((await fetch(app.url + named, { method: "HEAD" })).status).toBe(200);
      expect((await fetch(app.url + named, { method: "DELETE" })).status).toBe(204);
      expect((await fetch(app.url + path)).status).toBe(404);
    },
  );

  it("GET /files lists one page after the other, with folders", async () => {
    for (const key of ["list/a", "list/b/1", "list/b/2", "list/c"]) await put(`/files/${key}`, key);
    const keys: string[] = [];
    let cursor = "";
    for (let pages = 0; pages < 10; pages += 1) {
      const query = new URLSearchParams({ prefix: "list/", delimiter: "/", limit: "1", ...(cursor && { cursor }) });
      const page = (await (await fetch(`${app.url}/files?${query}`)).json()) as {
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
  });

  it("a body that breaks off stores nothing, with and without a length", async () => {
    const before = await app.stored();
    const known = await sendHead(app.url, "PUT /files/broken-known", { "content-length": "1000000" });
    known.write(randomBytes(200_000));
    await breakOff(known);
    const unknown = await sendHead(app.url, "PUT /files/broken-unknown", { "transfer-encoding": "chunked" });
    unknown.write("5\r\nhello\r\n");
    await breakOff(unknown);
    expect(await app.stored()).toEqual(before);
    expect((await fetch(`${app.url}/files/broken-known`)).status).toBe(404);
    expect((await fetch(`${app.url}/files/broken-unknown`)).status).toBe(404);
  });

  it("/kv shows the same objects as items, and never clears", async () => {
    await put("/files/settings/theme.json", '{"dark":true}');
    expect(await (await fetch(`${app.url}/kv/settings:theme.json`)).text()).toBe('{"dark":true}');
    expect((await put("/kv/settings:size", "12")).status).toBe(204);
    expect(await (await fetch(`${app.url}/files/settings/size`)).text()).toBe("12");
    expect(await (await fetch(`${app.url}/kv/settings:`)).json()).toEqual(["settings:size", "settings:theme.json"]);
    await expectRefused(await fetch(`${app.url}/kv/settings:`, { method: "DELETE" }), 400, "invalid-key");
    await expectRefused(await fetch(`${app.url}/kv`, { method: "DELETE" }), 400, "invalid-key");
    await expectRefused(await fetch(`${app.url}/kv/a:..:b`), 400, "invalid-key");
    expect((await fetch(`${app.url}/kv/settings:size`, { method: "DELETE" })).status).toBe(204);
    await expectRefused(await fetch(`${app.url}/kv/settings:size`), 404, "not-found");
    expect((await fetch(`${app.url}/files/settings/theme.json`)).status).toBe(200);
  });
});

describe.each(mainPlaces)("the playground's refusals on $name", (place) => {
  let app: Playground;
  beforeAll(async () => {
    app = await start(place);
  });
  afterAll(() => app.close());

  it.each([
    ["PUT", "/files", "invalid-key"],
    ["DELETE", "/files", "invalid-key"],
    ["DELETE", "/files/", "invalid-key"],
    ["PUT", "/files?key=", "invalid-key"],
    ["PUT", "/files/%zz", "invalid-key"],
    ["PUT", "/files?key=%E0%A4", "invalid-key"],
    ["PUT", "/files/a?key=b", "invalid-key"],
    ["PUT", "/files/a%2F..%2Fb", "invalid-key"],
    ["GET", "/files?limit=0", "invalid-option"],
    ["GET", "/files?limit=1001", "invalid-option"],
    ["GET", "/files?delimiter=x", "invalid-option"],
  ])("%s %s is 400", async (method, path, code) => {
    const init = method === "PUT" ? { method, body: "x" } : { method };
    await expectRefused(await fetch(app.url + path, init), 400, code);
    expect(await app.stored()).toEqual([]);
  });

  it("a key of 1025 bytes is 400", async () => {
    const init = { method: "PUT", body: "x" };
    await expectRefused(await fetch(`${app.url}/files/${"k".repeat(1025)}`, init), 400, "invalid-key");
    expect((await fetch(`${app.url}/files/${"k".repeat(200)}`, init)).status).toBe(201);
    expect((await fetch(`${app.url}/files/${"k".repeat(200)}`, { method: "DELETE" })).status).toBe(204);
  });

  it.each(["/files/a/../b", "/files/a/%2e%2E/b", "/files/.."])(
    "PUT %s is not folded into another key",
    async (path) => {
      const socket = await sendHead(app.url, `PUT ${path}`, { "content-length": "1", connection: "close" });
      socket.write("x");
      expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 40[04] /);
      expect(await app.stored()).toEqual([]);
    },
  );

  it.each<Record<string, string>>([
    { origin: "https://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ])("a change from another site is refused: %o", async (headers) => {
    const init = { method: "PUT", body: "x", headers };
    await expectRefused(await fetch(`${app.url}/files/a`, init), 403, "cross-site");
    for (const path of ["/documents", "/documents/sweep", "/users/1/avatar"]) {
      await expectRefused(await fetch(app.url + path, { ...init, method: "POST" }), 403, "cross-site");
    }
    expect(await app.stored()).toEqual([]);
    expect((await fetch(`${app.url}/files`, { headers: init.headers })).status).toBe(200);
  });

  it("a change from the page itself passes", async () => {
    const headers = { origin: app.url, "sec-fetch-site": "same-origin" };
    expect((await fetch(`${app.url}/files/own`, { method: "PUT", body: "x", headers })).status).toBe(201);
    expect((await fetch(`${app.url}/files/own`, { method: "DELETE", headers })).status).toBe(204);
  });

  it("an unknown route is a JSON 404 and a wrong method on /files a 405", async () => {
    await expectRefused(await fetch(`${app.url}/nope`), 404, "no-route");
    await expectRefused(await fetch(`${app.url}/files/a`, { method: "POST" }), 405, "method-not-allowed");
  });

  it("GET / is a page that may run only its own script", async () => {
    const page = await fetch(app.url);
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    expect(await page.text()).toContain(place.name === "a folder" ? "Folder ./uploads" : "S3 bucket unbucket-");
    expect((await fetch(`${app.url}/page/..%2f..%2fpackage.json`)).status).toBe(404);
    expect(app.output()).toContain("docker compose up -d minio");
    expect(app.output()).not.toMatch(/secret_key=(?!minioadmin$)\S/im);
  });

  it("SIGTERM does not wait for a connection that carries no request", async () => {
    const own = await start(place);
    try {
      const { hostname, port } = new URL(own.url);
      const silent = connect(Number(port), hostname);
      silent.on("error", () => {});
      await once(silent, "connect");
      await fetch(`${own.url}/files`);
      const exit = once(own.process, "exit");
      own.process.kill("SIGTERM");
      expect((await exit)[0]).toBe(0);
      silent.destroy();
    } finally {
      await own.close();
    }
  }, 20_000);

  it("SIGTERM lets an upload finish that takes longer than five seconds, then exits 0", async () => {
    const own = await start(place);
    try {
      const socket = await sendHead(own.url, "PUT /files/slow.txt", { "content-length": "10", connection: "close" });
      socket.write("hello");
      const answer = readAll(socket);
      // The server has the request when it answers another one that came later.
      await fetch(`${own.url}/files`);
      const exit = once(own.process, "exit");
      own.process.kill("SIGTERM");
      await new Promise((resolve) => setTimeout(resolve, 6000));
      socket.write("world");
      expect(await answer).toMatch(/^HTTP\/1\.1 201 /);
      expect((await exit)[0]).toBe(0);
      expect(await own.stored()).toEqual(["slow.txt"]);
    } finally {
      await own.close();
    }
  });
});

async function expectRefused(answer: Response, status: number, code: string): Promise<void> {
  const text = await answer.text();
  expect([answer.status, text]).toEqual([status, expect.stringContaining(`"code":"${code}"`)]);
  const { error } = JSON.parse(text) as { error: { message: string } };
  expect(error.message.length).toBeGreaterThan(20);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
