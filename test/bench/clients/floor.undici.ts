/** The floor on Node: `undici.request`, nothing signed. */
import { createHash } from "node:crypto";
import { Agent, type Dispatcher, request } from "undici";
import type { Connect } from "../client.ts";
import { BUCKET, NONE, SIGNED } from "../identity.ts";
import { partsLoop } from "../parts.ts";
import { drain } from "../streams.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const connect: Connect = (endpoint) => {
  const dispatcher = new Agent();
  const send = (method: string, target: string, body?: Uint8Array, hash = NONE): Promise<Dispatcher.ResponseData> =>
    request(`${endpoint}/${BUCKET}/${target}`, {
      method: method as Dispatcher.HttpMethod,
      body: body ?? null,
      headers: { ...SIGNED, "x-amz-content-sha256": hash },
      dispatcher,
    });
  return {
    put: async (key, bytes) => (await send("PUT", key, bytes)).body.dump(),
    get: async (key) => (await (await send("GET", key)).body.arrayBuffer()).byteLength,
    up: partsLoop(4, sha256, async (...request) => (await send(...request)).body.dump()),
    down: async (key) => drain((await send("GET", key)).body as AsyncIterable<Uint8Array>),
  };
};

export default connect;
