/** An S3 endpoint over any driver, as a fetch handler: `unbucket/gateway`. */
import { notify } from "./event.ts";
import { authenticate } from "./gateway/authenticate.ts";
import { listBuckets } from "./gateway/bucket.ts";
import type { Call } from "./gateway/call.ts";
import { postObject } from "./gateway/form.ts";
import { allHeaders, checkHeaders } from "./gateway/headers.ts";
import { operationOf } from "./gateway/operation.ts";
import { type GatewayOptions, parseOptions, type Settings } from "./gateway/options.ts";
import { payloadOf } from "./gateway/payload.ts";
import { receive, type Received } from "./gateway/received.ts";
import { failed, noSuchBucket, Refusal, refusalOf } from "./gateway/refusal.ts";
import { refused } from "./gateway/refused.ts";
import type { ObjectStore } from "./interface.ts";
import { isA } from "./kind.ts";
import { refusing } from "./lingering.ts";

export type { GatewayOptions } from "./gateway/options.ts";
export type { Identity } from "./sigv4/sign.ts";

/** A gateway; pass its `fetch` to a server, or as the `fetch` option of a client. */
export interface Gateway {
  /**
   * Answers one request; failures are answers too. Takes the arguments of `fetch`, and rejects only if they are no
   * request.
   */
  readonly fetch: (input: Request | string | URL, init?: RequestInit) => Promise<Response>;
}

/**
 * Makes an S3 endpoint with one bucket over a driver, a scope of one, or `objects(storage)`.
 *
 * Every request needs a valid signature (AWS Signature Version 4: in the header, in the query, or of a form's policy),
 * except reads below `publicPrefixes`. Each pair of keys has all rights in the bucket: to give fewer, give out
 * presigned URLs, or make a gateway over `scoped(prefix)`. Never throws: with a wrong option every answer is a 500, and
 * `onError` is told.
 */
export function gateway(store: ObjectStore, options: GatewayOptions): Gateway {
  let settings: Settings | undefined;
  return {
    async fetch(input, init) {
      const request = isA(input, "Request") && init === undefined ? input : new Request(input, init);
      // randomUUID is the cheapest source of random text.
      const requestId = crypto.randomUUID().replaceAll("-", "").slice(-16).toUpperCase();
      let response: Response;
      try {
        settings ??= settingsOf(options);
        response = await handle(store, settings, request);
      } catch (error) {
        const refusal = refusalOf(error);
        // Only reads are given the signal (see `Call`): some hosts abort it in the middle of a write.
        const hasLeft = isRead(request.method) && request.signal.aborted;
        if (refusal.answerStatus >= 500 && refusal.s3 !== "NotImplemented" && !hasLeft && options?.onError)
          notify((...told) => options.onError?.(...told), refusal.details.cause ?? refusal, request);
        await refusing(request);
        response = refused(refusal, request, requestId);
      }
      const { headers, status, body } = response;
      headers.set("x-amz-request-id", requestId);
      // Without a length the end of an answer could only be seen by the end of its connection.
      if (body === null && status !== 204 && status !== 304 && !headers.has("content-length"))
        headers.set("content-length", "0");
      return response;
    },
  };
}

/** The checked options. A wrong one is an internal error: the client is not at fault. */
function settingsOf(options: GatewayOptions): Settings {
  try {
    return parseOptions(options);
  } catch (error) {
    throw failed(error);
  }
}

async function handle(store: ObjectStore, settings: Settings, request: Request): Promise<Response> {
  const { bucket, endpoint, keys } = settings;
  const received = receive(request, bucket, endpoint);
  if (isForm(received)) return postObject({ store, received, keys, bucket });
  const signed = await authenticate(received, keys);
  if (signed === null && !isPublic(received, settings)) throw new Refusal("AccessDenied", "Access Denied");
  if (received.bucket === "" && received.key === "") {
    if (received.method === "GET") return listBuckets(received, bucket, keys.region);
    throw new Refusal("MethodNotAllowed", "The specified method is not allowed against this resource.");
  }
  if (received.bucket !== bucket) {
    if (received.method === "PUT" && received.key === "")
      throw new Refusal("NotImplemented", "This endpoint has one bucket, and makes no others.");
    throw noSuchBucket(received.bucket);
  }
  const headers = signed === null ? received.headers : allHeaders(received);
  checkHeaders(headers);
  const call: Call = {
    ...received,
    headers,
    store,
    region: keys.region,
    signal: isRead(received.method) ? request.signal : undefined,
    accessKeyId: signed?.identity.accessKeyId ?? null,
    payload: (told = headers) => payloadOf({ ...received, headers: told }, signed, keys),
  };
  return operationOf(call)(call);
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

function isForm({ method, key, headers }: Received): boolean {
  return method === "POST" && key === "" && /^multipart\/form-data\s*;/i.test(headers.get("content-type") ?? "");
}

/** Whether this needs no signature: only reads of one object below a public prefix. */
function isPublic({ method, bucket: named, key, query }: Received, { bucket, publicPrefixes }: Settings): boolean {
  if (!isRead(method) || named !== bucket || key === "" || query.has("uploadId")) return false;
  return publicPrefixes.some((prefix) => key.startsWith(prefix));
}
