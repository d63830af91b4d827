/** Plain fetch as a client, nothing signed. */
import type { Client } from "./client.ts";
import { BUCKET, NONE, SIGNED } from "./identity.ts";
import { partsLoop, type Send } from "./parts.ts";
import { drain } from "./streams.ts";

/** One request; `hash` is that of its body. */
export function bareRequest(
  endpoint: string,
  method: string,
  target: string,
  body?: Uint8Array,
  hash: string = NONE,
): Promise<Response> {
  const headers = { ...SIGNED, "x-amz-content-sha256": hash };
  return fetch(`${endpoint}/${BUCKET}/${target}`, {
    method,
    headers,
    body: (body as Uint8Array<ArrayBuffer> | undefined) ?? null,
  });
}

/** A client over fetch; streams go up in parts, `flight` at a time. */
export function bareFetch(
  endpoint: string,
  flight: number,
  hash: (bytes: Uint8Array) => string | Promise<string>,
): Client {
  const send: Send = async (method, target, body, sha256) =>
    (await bareRequest(endpoint, method, target, body, sha256)).arrayBuffer();
  return {
    put: (key, bytes) => send("PUT", key, bytes),
    get: async (key) => (await (await bareRequest(endpoint, "GET", key)).arrayBuffer()).byteLength,
    up: partsLoop(flight, hash, send),
    down: async (key) => drain((await bareRequest(endpoint, "GET", key)).body),
  };
}
