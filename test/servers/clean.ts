import { signed } from "./bucket.ts";
import type { S3Server } from "./server.ts";

const PAST_LOCKS = { "x-amz-bypass-governance-retention": "true" };

/** Deletes every bucket whose name has the prefix, with all that is in it; returns the names that are gone. */
export async function deleteBuckets(server: S3Server, prefix: string): Promise<string[]> {
  const names = texts(await (await signed(server, "GET", "")).text(), "Name");
  const ours = names.filter((name) => name.startsWith(prefix));
  for (const bucket of ours) {
    await abortUploads(server, bucket);
    await deleteObjects(server, bucket);
    await deleteVersions(server, bucket);
    await expectOk(signed(server, "DELETE", bucket), `bucket ${bucket}`);
  }
  return ours;
}

async function deleteObjects(server: S3Server, bucket: string): Promise<void> {
  // Again from the start each time: MinIO lists what lies below an object only once that object is gone.
  for (;;) {
    const page = await (await signed(server, "GET", `${bucket}?list-type=2&encoding-type=url`)).text();
    const keys = texts(page, "Key").map((key) => path(key, page));
    if (keys.length === 0) return;
    await Promise.all(
      keys.map((key) => expectOk(signed(server, "DELETE", `${bucket}/${key}`, { headers: PAST_LOCKS }), key)),
    );
  }
}

/** What a bucket with versions keeps of deleted objects, and the marks in their place. */
async function deleteVersions(server: S3Server, bucket: string): Promise<void> {
  for (;;) {
    const page = await (await signed(server, "GET", `${bucket}?versions&encoding-type=url`)).text();
    const kept = [...page.matchAll(/<(Version|DeleteMarker)>([^]*?)<\/\1>/g)].map(([, , entry = ""]) => entry);
    if (kept.length === 0) return;
    await Promise.all(
      kept.map((entry) => {
        const [key = ""] = texts(entry, "Key");
        const query = `versionId=${encodeURIComponent(texts(entry, "VersionId")[0] ?? "")}`;
        return expectOk(
          signed(server, "DELETE", `${bucket}/${path(key, page)}?${query}`, { headers: PAST_LOCKS }),
          key,
        );
      }),
    );
  }
}

async function abortUploads(server: S3Server, bucket: string): Promise<void> {
  const page = await (await signed(server, "GET", `${bucket}?uploads&encoding-type=url`)).text();
  for (const [, upload = ""] of page.matchAll(/<Upload>([^]*?)<\/Upload>/g)) {
    const [key = ""] = texts(upload, "Key");
    const [id = ""] = texts(upload, "UploadId");
    const query = `uploadId=${encodeURIComponent(id)}`;
    await expectOk(signed(server, "DELETE", `${bucket}/${path(key, page)}?${query}`), `upload of ${key}`);
  }
}

/** A listed key as it stands in a URL; only some servers encode when asked to. */
function path(key: string, page: string): string {
  if (page.includes("<EncodingType>url</EncodingType>")) return key.replaceAll("+", "%20");
  return key.split("/").map(encodeURIComponent).join("/");
}

function texts(xml: string, element: string): string[] {
  const found = xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, "g"));
  return [...found].map(([, text = ""]) =>
    text.replace(/&(?:lt|gt|quot|apos|amp|#39|#34);/g, (entity) => entities[entity] ?? entity),
  );
}

const entities: Readonly<Record<string, string>> = {
  ...{ "&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&#34;": '"', "&apos;": "'", "&#39;": "'" },
};

async function expectOk(pending: Promise<Response>, what: string): Promise<void> {
  const response = await pending;
  const text = await response.text();
  if (!response.ok && response.status !== 404) throw new Error(`could not delete ${what}: ${response.status} ${text}`);
}
