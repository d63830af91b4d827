/** Finds the operation that a request asks for. */
import { bucketExists, bucketLocation, bucketVersioning, createBucket } from "./bucket.ts";
import type { Call } from "./call.ts";
import { completeUpload } from "./complete.ts";
import { copyObject, copyPart } from "./copy.ts";
import { deleteObjects } from "./delete.ts";
import { listObjects, listObjectsV1 } from "./list.ts";
import { abortUpload, createUpload, listParts, uploadPart } from "./multipart.ts";
import { deleteObject, putObject, readObject } from "./object.ts";
import { partNumberOf, readPart } from "./part.ts";
import type { Received } from "./received.ts";
import { Refusal } from "./refusal.ts";
import { listUploads } from "./uploads.ts";

/** Answers an authorized request. */
export type Operation = (call: Call) => Response | Promise<Response>;

/** The implemented subresources of the bucket and of objects. */
const RESOURCES: Readonly<Record<string, Operation>> = {
  "GET bucket?location": bucketLocation,
  "GET bucket?uploads": listUploads,
  "GET bucket?versioning": bucketVersioning,
  "POST bucket?delete": deleteObjects,
  "POST object?uploads": createUpload,
};

/** All subresources of S3. A request for one must not be taken for one on the bucket or object itself. */
const SUBRESOURCES: ReadonlySet<string> = new Set([
  "accelerate",
  "acl",
  "analytics",
  "attributes",
  "cors",
  "delete",
  "encryption",
  "intelligent-tiering",
  "inventory",
  "legal-hold",
  "lifecycle",
  "location",
  "logging",
  "metrics",
  "notification",
  "object-lock",
  "ownershipControls",
  "policy",
  "policyStatus",
  "publicAccessBlock",
  "renameObject",
  "replication",
  "requestPayment",
  "restore",
  "retention",
  "select",
  "session",
  "tagging",
  "torrent",
  "uploads",
  "versioning",
  "versions",
  "website",
]);

/** Parameters that are no subresources, even without a value. */
const PARAMETERS: ReadonlySet<string> = new Set([
  "delimiter",
  "marker",
  "partNumber",
  "prefix",
  "uploadId",
  "versionId",
]);

/** The operation of a request on the bucket or on an object; throws for one that is not implemented. */
export function operationOf(received: Received): Operation {
  const { method, query, key } = received;
  if (!["", "null", undefined].includes(query.get("versionId")))
    throw new Refusal("NotImplemented", "This bucket keeps no versions.");
  const resource = resourceOf(received);
  if (resource !== undefined) {
    const below = RESOURCES[`${method} ${key === "" ? "bucket" : "object"}?${resource}`];
    if (below) return below;
    throw new Refusal("NotImplemented", `?${resource.slice(0, 64)} is not implemented here.`);
  }
  const operation = key === "" ? onBucket(received) : onObject(received);
  if (operation) return operation;
  throw new Refusal("MethodNotAllowed", "The specified method is not allowed against this resource.");
}

/** The subresource in the query: one of S3, or any name without a value, since that may be one that S3 adds later. */
function resourceOf({ method, query, key }: Received): string | undefined {
  const reads = key !== "" && (method === "GET" || method === "HEAD");
  for (const [name, value] of query) {
    if (SUBRESOURCES.has(name)) return name;
    if (value === "" && !reads && /^[a-z]+$/i.test(name) && !PARAMETERS.has(name)) return name;
  }
  return undefined;
}

function onBucket({ method, query }: Received): Operation | undefined {
  if (method === "GET") return query.get("list-type") === "2" ? listObjects : listObjectsV1;
  if (method === "HEAD") return bucketExists;
  if (method === "PUT") return createBucket;
  if (method === "DELETE") throw new Refusal("NotImplemented", "This bucket is not deleted by its clients.");
  return undefined;
}

function onObject(received: Received): Operation | undefined {
  const { method, query, headers } = received;
  const uploadId = query.get("uploadId");
  if (method === "GET" && uploadId !== undefined) return (call) => listParts(call, uploadId);
  if (method === "GET" || method === "HEAD") return query.has("partNumber") ? readPart : readObject;
  const copies = headers.has("x-amz-copy-source");
  if (method === "PUT" && uploadId !== undefined)
    return (call) => (copies ? copyPart(call, uploadId, partNumberOf(call)) : uploadPart(call, uploadId));
  if (method === "PUT" && query.has("partNumber"))
    throw new Refusal("InvalidArgument", "This operation needs an uploadId beside its partNumber.");
  if (method === "PUT") return copies ? copyObject : putObject;
  if (method === "POST" && uploadId !== undefined) return (call) => completeUpload(call, uploadId);
  if (method === "DELETE") return uploadId === undefined ? deleteObject : (call) => abortUpload(call, uploadId);
  return undefined;
}
