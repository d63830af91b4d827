/** `/kv`: the same storage as unstorage sees it. A path that ends in `:` or `/` is a base; nothing here clears. */
import type { H3Event } from "h3";
import type { Storage } from "unstorage";
import { withBody } from "../http/body.ts";
import { Refused } from "../http/errors.ts";
import { keyOf } from "../http/key.ts";

/** The mount path of this route. */
export const KV = "/kv";

/** Serves one item, or the keys below a base as JSON. */
export async function kv(storage: Storage, event: H3Event): Promise<Response> {
  const key = keyOf(event, KV) ?? "";
  if (key.split(/[:/\\]/).some((segment) => segment === "." || segment === "..")) {
    throw new Refused(400, "invalid-key", "A key has no segment . or ..; its segments are joined by : or /.");
  }
  const isBase = key === "" || /[:/]$/.test(key);
  const { method } = event.req;
  if (method === "GET" && isBase) return Response.json(await storage.getKeys(key));
  if (isBase)
    throw new Refused(400, "invalid-key", `${method} takes one item, such as /kv/settings:theme, never a base.`);
  if (method === "GET") {
    const value = await storage.getItemRaw<ReadableStream<Uint8Array>>(key, { type: "stream" });
    if (value === null) throw new Refused(404, "not-found", "There is no item with this key. GET /kv lists the keys.");
    return new Response(value, {
      headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
    });
  }
  if (method === "PUT") await withBody(event.req, (body) => storage.setItemRaw(key, body ?? ""));
  else if (method === "DELETE") await storage.removeItem(key);
  else throw new Refused(405, "method-not-allowed", "/kv takes GET, PUT and DELETE.");
  return new Response(null, { status: 204 });
}
