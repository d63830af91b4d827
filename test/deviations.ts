/** What real S3 servers do otherwise than the contract asks, each with its reason. A test asserts that each still fails there. */
import type { S3Server } from "./servers/server.ts";

/** One reason for each group of cases, by the name of the case. */
type Reasons = Readonly<Record<string, readonly string[]>>;

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
  "orders a folder by its name without the slash": ["list: keys come in UTF-8 byte order"],
  "shows a folder for a while after its last object is gone": ["list: a prefix whose last object was deleted is gone"],
};

/** Cases that a server cannot meet, each with its reason. */
export const deviations: Readonly<Record<S3Server["name"], ReadonlyMap<string, string>>> = {
  minio: byCase(minio),
  seaweedfs: byCase(seaweedfs),
};

function byCase(reasons: Reasons): ReadonlyMap<string, string> {
  return new Map(Object.entries(reasons).flatMap(([reason, names]) => names.map((name) => [name, reason] as const)));
}
