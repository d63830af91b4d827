/** What is done with a block once it was loaded: an app is asked for an object, a route is mounted, a config compared. */
import assert from "node:assert/strict";
import { H3 } from "h3";
import s3 from "../../drivers/s3.ts";

type Fetch = (request: Request, env?: object) => Response | Promise<Response>;

/** Loads the block and, by its file name and its default export, does what its reader would. */
export async function exercise(
  load: () => Promise<{ readonly default?: unknown }>,
  file: string,
  isGateway: boolean,
): Promise<void> {
  const { default: exported } = await load();
  if (file.endsWith(".config.ts")) return config(exported);
  if (file.startsWith("routes/s3/")) return throughRoute(exported as Parameters<H3["all"]>[1]);
  if (file.startsWith("routes/")) return route(exported as Parameters<H3["put"]>[1], file);
  const { fetch: handle } = (exported ?? {}) as { readonly fetch?: Fetch };
  if (handle) await roundTrip((path, init) => handle(new Request(`http://localhost/${path}`, init), WORKER));
  const port = Number(process.env["DOCUMENT_PORT"] ?? 0);
  if (port > 0 && isGateway) await throughGateway(`http://localhost:${port}/s3`, fetch);
  else if (port > 0) await roundTrip((path, init) => fetch(`http://127.0.0.1:${port}/files/${path}`, init));
  process.exit(0);
}

/** What Workers hand to a handler. */
const WORKER = { STORAGE_BACKEND: "memory" };

/** Stores an object and asks for it, whole, in part, and wrongly. */
export async function roundTrip(
  send: (path: string, init?: RequestInit) => Response | Promise<Response>,
): Promise<void> {
  const put = await send("notes/hello%20you.txt", { method: "PUT", body: "Hello" });
  assert.equal(put.ok, true, await put.text());
  const got = await send("notes/hello%20you.txt");
  assert.equal(await got.text(), "Hello");
  assert.match(got.headers.get("content-type") ?? "", /^text\/plain/);
  const part = await send("notes/hello%20you.txt", { headers: { range: "bytes=1-3" } });
  assert.deepEqual([part.status, await part.text()], [206, "ell"]);
  assert.equal((await send("notes/nothing.txt")).status, 404);
  const typed = { method: "PUT", body: "{}", headers: { "content-type": "application/x-own" } };
  assert.equal((await send("notes/typed.txt", typed)).ok, true);
  assert.equal((await send("notes/typed.txt")).headers.get("content-type"), "application/x-own");
  assert.equal((await send("%ff")).status, 400);
  const bad = await send("x".repeat(1025), { method: "PUT", body: "x" });
  assert.deepEqual([bad.status, /"invalid-key"/.test(await bad.text())], [400, true]);
}

/** Stores an object by the S3 driver with the keys of the documents, and asks for it, also by a presigned URL and without one. */
export async function throughGateway(endpoint: string, send: typeof fetch): Promise<void> {
  const keys = { accessKeyId: "dev", secretAccessKey: "dev-secret" };
  const store = s3({ bucket: "uploads", endpoint, fetch: send, ...keys });
  await store.upload("notes/hello you.txt", "Hello");
  assert.equal(await (await store.download("notes/hello you.txt")).text(), "Hello");
  const signed = await store.presign("notes/hello you.txt");
  assert.equal(await (await send(signed?.url ?? "")).text(), "Hello");
  assert.equal((await send(`${endpoint}/uploads/notes/hello%20you.txt`)).status, 403);
  const given = await send(new URL("/upload-url", endpoint), { method: "POST" });
  if (!given.ok) return;
  const { url, ...init } = (await given.json()) as { readonly url: string; readonly headers: Record<string, string> };
  assert.equal((await send(url, { ...init, body: "a picture" })).status, 200);
  assert.equal((await store.head("photo.jpg"))?.contentType, "image/jpeg");
}

/** As Nitro mounts a file of this name. */
function throughRoute(handler: Parameters<H3["all"]>[1]): Promise<void> {
  const app = new H3({ allowMalformedURL: true }).all("/s3/**", handler);
  return throughGateway("http://localhost:3000/s3", async (input, init) => app.fetch(new Request(input, init)));
}

async function route(handler: Parameters<H3["put"]>[1], file: string): Promise<void> {
  assert.equal(file, "routes/files/[...key].put.ts");
  const app = new H3().put("/files/**:key", handler);
  const answer = await app.request("/files/a/b.txt", { method: "PUT", body: "Hello" });
  const { key, size } = (await answer.json()) as { readonly key: string; readonly size: number };
  assert.deepEqual({ key, size }, { key: "a/b.txt", size: 5 });
}

/** The fixtures build the same mount with the real Nitro and Nuxt, see hosts.live.test.ts. */
function config(exported: unknown): void {
  const mount = { storage: { uploads: { driver: "unbucket/drivers/env" } } };
  const { nitro } = exported as { readonly nitro?: unknown };
  assert.deepEqual(nitro ?? exported, nitro ? mount : { serverDir: "./", ...mount });
}
