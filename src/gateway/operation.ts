/** Which operation a request asks for. */
import { bucketExists, bucketLocation, bucketVersioning } from "./bucket.ts";
import type { Call } from "./call.ts";
import { copyObject, copyPart } from "./copy.ts";
import { deleteObjects } from "./delete.ts";
import { listObjects, listObjectsV1, listUploads } from "./list.ts";
import { abortUpload, completeUpload, createUpload, listParts, partNumberOf, uploadPart } from "./multipart.ts";
import { deleteObject, putObject, readObject } from "./object.ts";
import type { Received } from "./received.ts";
import { Refusal } from "./refusal.ts";

/** Answers a request that was let in. */
export type Operation = (call: Call) => Response | Promise<Response>;

/** What else S3 has below a bucket or an object. Taken for an object's own address, each would do something else. */
const ELSEWHERE: readonly string[] = [
  ...["accelerate", "acl", "analytics", "attributes", "cors", "encryption", "intelligent-tiering", "inventory"],
  ...["legal-hold", "lifecycle", "logging", "metrics", "notification", "object-lock", "ownershipControls", "policy"],
  ...["policyStatus", "publicAccessBlock", "renameObject", "replication", "requestPayment", "restore", "retention"],
  ...["select", "session", "tagging", "torrent", "versions", "website"],
];

/** The operation of a request on the bucket or on an object; rejects what is not implemented. */
export function operationOf(received: Received): Operation {
  const { query, key } = received;
  const elsewhere = ELSEWHERE.find((name) => query.has(name));
  if (elsewhere !== undefined) throw new Refusal("NotImplemented", `?${elsewhere} is not implemented here.`);
  if (!["", "null", undefined].includes(query.get("versionId")))
    throw new Refusal("NotImplemented", "This bucket keeps no versions.");
  const operation = key === "" ? onBucket(received) : onObject(received);
  if (operation) return operation;
  throw new Refusal("MethodNotAllowed", "The specified method is not allowed against this resource.");
}

function onBucket({ method, query }: Received): Operation | undefined {
  if (method === "GET") {
    if (query.has("location")) return bucketLocation;
    if (query.has("versioning")) return bucketVersioning;
    if (query.has("uploads")) return listUploads;
    return query.get("list-type") === "2" ? listObjects : listObjectsV1;
  }
  if (method === "HEAD" || method === "PUT") return bucketExists;
  if (method === "POST" && query.has("delete")) return deleteObjects;
  return undefined;
}

function onObject(received: Received): Operation | undefined {
  const { method, query, headers } = received;
  const uploadId = query.get("uploadId");
  if (method === "GET" && uploadId !== undefined) return (call) => listParts(call, uploadId);
  if (method === "GET" || method === "HEAD") {
    if (query.has("partNumber")) throw new Refusal("NotImplemented", "An object is not read by its parts here.");
    return readObject;
  }
  const copies = headers.has("x-amz-copy-source");
  if (method === "PUT" && uploadId !== undefined)
    return (call) => (copies ? copyPart(call, uploadId, partNumberOf(call)) : uploadPart(call, uploadId));
  if (method === "PUT" && query.has("partNumber"))
    throw new Refusal("InvalidArgument", "This operation needs an uploadId beside its partNumber.");
  if (method === "PUT") return copies ? copyObject : putObject;
  if (method === "POST" && query.has("uploads")) return createUpload;
  if (method === "POST" && uploadId !== undefined) return (call) => completeUpload(call, uploadId);
  if (method === "DELETE") return uploadId === undefined ? deleteObject : (call) => abortUpload(call, uploadId);
  return undefined;
}
