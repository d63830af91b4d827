/** What real S3 servers do otherwise than the contract asks, each with its reason. A test asserts that each still fails there. */
import type { Deviations } from "../src/conformance.ts";
import type { S3Server } from "./servers/server.ts";

/** One reason for each group of cases, by the name of the case. */
type Reasons = Readonly<Record<string, readonly string[]>>;

/** Where the driver can only look before. */
const HELD = "delete: the backend holds ifMatch when it deletes, or rejects unsupported";

const minio: Reasons = {
  "refuses a key with an empty segment": [
    "key: two slashes",
    "key: three slashes",
    "key: two trailing slashes",
    "key: one slash and two are two objects",
    'kv: the object key "x//y" is not in getKeys, which could not name it',
  ],
  "drops a leading slash": ["key: a leading slash", "key: two leading slashes"],
  "keeps a segment as a file name, so 255 bytes are the most": [
    "key: a segment of 256 bytes",
    "key: a segment of 300 two-byte characters",
    "key: 1024 bytes in one segment",
    "key: 1024 bytes of three-byte characters",
  ],
  "hides what lies below an object from listings": [
    "key: an object and one below it are two objects",
    "key: an object and one two levels below it are two objects",
    "list: an object and what lies below it",
  ],
  "refuses a prefix whose last segment is . or ..": ["list: a prefix finds what is hidden or has a dot"],
  "ignores If-Match of a DELETE": [HELD],
};

const seaweedfs: Reasons = {
  "takes several slashes for one, and drops a leading one": [
    "key: two slashes",
    "key: three slashes",
    "key: a leading slash",
    "key: two leading slashes",
    "key: one slash and two are two objects",
    'kv: the object key "x//y" is not in getKeys, which could not name it',
  ],
  "takes a backslash for a slash": [
    "key: a backslash",
    "key: a drive letter",
    "key: backslash and slash are two objects",
    'kv: the object key "back\\\\slash" is not in getKeys, which could not name it',
  ],
  "takes a key that ends in a slash for a folder, which has no bytes": [
    "key: a trailing slash",
    "key: two trailing slashes",
    "key: with and without a trailing slash are two objects",
    "download: a key below or above an object is not-found",
  ],
  "refuses a segment of more than 255 bytes": [
    "key: a segment of 256 bytes",
    "key: a segment of 300 two-byte characters",
    "key: 1024 bytes in one segment",
    "key: 1024 bytes of three-byte characters",
  ],
  "drops metadata with an empty value": ["metadata: an empty value"],
  "orders a folder by its name without the slash": [
    "list: keys come in UTF-8 byte order",
    "list: what comes after a key",
    "list: what comes after a name that is not there",
    "list: what comes after a key before a group",
    "list: what comes after a key within a group",
    "list: what comes after a group",
  ],
  "shows a folder for a while after its last object is gone": ["list: a prefix whose last object was deleted is gone"],
};

const versitygw: Reasons = {
  "takes several slashes for one, and drops a leading one": [
    "key: two slashes",
    "key: three slashes",
    "key: a leading slash",
    "key: two leading slashes",
    "key: one slash and two are two objects",
    'kv: the object key "x//y" is not in getKeys, which could not name it',
  ],
  "takes a key that ends in a slash for a folder, which has no bytes": [
    "key: a trailing slash",
    "key: two trailing slashes",
    "key: with and without a trailing slash are two objects",
    'kv: the object key "dir/" is not in getKeys, which could not name it',
  ],
  "refuses to delete a key that ends in a slash while something lies below it": [
    "delete: a key above or below an object leaves it",
  ],
  "refuses an object above or below another": [
    "key: an object and one below it are two objects",
    "key: an object and one two levels below it are two objects",
    "list: an object and what lies below it",
    "deletePrefix: an object and what lies below it",
    "kv: an item and one below it are both there",
    "kv: clear takes an item and what lies below it",
  ],
  "keeps a segment as a file name, so 255 bytes are the most": [
    "key: a segment of 256 bytes",
    "key: a segment of 300 two-byte characters",
    "key: 1024 bytes in one segment",
    "key: 1024 bytes of three-byte characters",
  ],
  "ignores encoding-type=url, and lists U+FFFD for characters that XML cannot hold": [
    "key: U+0001",
    "key: U+001F",
    "key: U+FFFE",
    "key: U+FFFF",
  ],
  "takes ifMatch * for an ETag, which never matches": [
    "condition: ifMatch * replaces what is there and creates nothing",
  ],
  "says 200 to the completion of an upload that it does not know, if the key has an object, which stays": [
    "multipart: abort stores nothing and can be repeated",
  ],
};

/** Version 16, as Debian 12 has it. */
const ceph: Reasons = {
  "ignores If-Match of a DELETE": [HELD],
  "compares ifMatch of an upload with the ETag without its quotes, so that it never matches": [
    "condition: the right ifMatch replaces",
    "condition: of six at a time with one ifMatch one wins",
    "update: the current object is given, and replaced",
    "update: twenty increments at a time of an object that is there give twenty",
    "update: twenty increments at a time of an object that nobody made give twenty",
    "update: a version that someone wrote meanwhile is read, not lost",
    "update: headers and metadata stay unless they are given",
    "update: an encoding describes the bytes, so it goes with them",
    "update: a stream whose write is refused is let go, and asked for again",
  ],
  "ignores conditions when an upload in parts completes": [
    "condition: holds for an upload of several parts",
    "multipart: ifNoneMatch * holds when it completes",
    "copy: with ifNoneMatch * only creates, of several parts",
  ],
  "takes ifNoneMatch * of a download for an ETag, which never matches": [
    "condition: download with ifNoneMatch * is not-modified",
  ],
  "completes an upload in parts without saying its ETag": [
    "condition: the etag is the same in upload, head, download and list",
    "multipart: parts in any order make the object",
  ],
  "turns an underscore in a metadata name into a hyphen": ["metadata: plain names and values"],
};

/** What it does otherwise in a bucket with versions. */
const versions: Readonly<Record<S3Server["name"], Reasons>> = {
  minio: {
    "hides what lies below a deleted object": [
      "deletePrefix: an object and what lies below it",
      "kv: clear takes an item and what lies below it",
    ],
    "shows a prefix whose objects are all deleted": ["list: a prefix whose last object was deleted is gone"],
  },
  seaweedfs: {},
  versitygw: {
    "takes a deleted object for one that is there when it checks ifNoneMatch *": [
      "condition: ifNoneMatch * creates again after a delete",
      "update: an object that is deleted meanwhile is null the next time",
    ],
    "shows a prefix whose objects are all deleted": ["list: a prefix whose last object was deleted is gone"],
    "refuses a segment of 255 bytes": [
      "key: a segment of 255 bytes",
      "key: two long keys that part at the end are two objects",
    ],
  },
  ceph: {
    "ignores ifNoneMatch * and ifMatch * of an upload": [
      "condition: ifNoneMatch * keeps an existing object",
      "condition: ifMatch * replaces what is there and creates nothing",
      "condition: of ten at a time with ifNoneMatch * one wins",
      "copy: with ifNoneMatch * only creates",
      "copy: of ten at a time with ifNoneMatch * one wins",
      "presign: a PUT with ifNoneMatch * creates once",
      "broken: the source is let go on ifNoneMatch on an existing key",
      "kv: setItemRaw takes type, metadata and conditions as options",
      "scoped: conditions, ranges and absence are those of the store",
      "update: attempts bounds how often the function runs, then it is a conflict",
    ],
  },
};

/** What it can do only in a bucket with versions. */
const metWithVersions: Readonly<Record<S3Server["name"], readonly string[]>> = {
  minio: [],
  seaweedfs: [
    ...(seaweedfs["refuses a segment of more than 255 bytes"] ?? []),
    ...(seaweedfs["shows a folder for a while after its last object is gone"] ?? []),
  ],
  versitygw: [],
  ceph: [],
};

/** Cases that a server cannot meet, each with its reason. */
export const deviations: Readonly<Record<S3Server["name"], Deviations>> = {
  minio: byCase(minio),
  seaweedfs: byCase(seaweedfs),
  versitygw: byCase(versitygw),
  ceph: byCase(ceph),
};

/** The same in a bucket with versions. */
export function deviationsWithVersions(name: S3Server["name"]): Deviations {
  const rest = Object.entries(deviations[name]).filter(([rule]) => !metWithVersions[name].includes(rule));
  return { ...Object.fromEntries(rest), ...byCase(versions[name]) };
}

/** Where an object lock holds each version for a day, on top of that. */
export const withLock: Deviations = byCase({
  "refuses to delete a key that ends in a slash while its object is locked, as it keeps no versions of those": [
    "key: a trailing slash",
    "key: with and without a trailing slash are two objects",
  ],
});

function byCase(reasons: Reasons): Deviations {
  return Object.fromEntries(
    Object.entries(reasons).flatMap(([reason, names]) => names.map((name) => [name, reason] as const)),
  );
}
