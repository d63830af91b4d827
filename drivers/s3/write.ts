/**
 * PutObject.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 */
import type { Key, PutOptions, StoredInfo, StoredVersion } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { headersOf } from "../../src/options.ts";
import { conditionHeaders, toRequestHeaders } from "../../src/s3/headers.ts";
import { bodyHeader } from "./checksum.ts";
import type { Client } from "./client.ts";
import { isConditional } from "./conditions.ts";
import { checkStore, exposed, extraHeaders, storedVersion } from "./headers.ts";
import type { Operation } from "./request.ts";
import { settle, writeMark } from "./settle.ts";
import type { WireResponse } from "./transport.ts";

/** Stores bytes by one request. */
export async function putObject(client: Client, key: Key, bytes: Uint8Array, options: PutOptions): Promise<StoredInfo> {
  const { ifMatch, signal } = options;
  const stored = toRequestHeaders(options);
  const conditional = isConditional(options);
  const { writeId, header } = conditional ? writeMark(client, stored) : {};
  const algorithm = client.settings.checksums.of(options.checksum);
  const checksum = algorithm && bodyHeader(algorithm, await algorithm.of(bytes));
  const headers = { ...stored, ...header, ...conditionHeaders(options), ...checksum, ...extraHeaders(options.headers) };
  const operation: Operation = { method: "PUT", key, headers, body: bytes, signal, conditional };
  const send = (): Promise<StoredVersion> => client.send(operation, acknowledged);
  const version = conditional ? await settle(client, key, { ifMatch, writeId, signal }, send) : await send();
  return { key, size: bytes.byteLength, ...version, ...headersOf(options) };
}

/** Reads the answer to a write: the version that it made. */
export async function acknowledged(response: WireResponse): Promise<StoredVersion> {
  checkStore(response);
  const etag = exposed(response, "etag");
  await response.discard();
  if (etag !== null) return storedVersion(response, etag);
  throw new StorageError("corrupt", "the store answered a write without an ETag", { retryable: true });
}
