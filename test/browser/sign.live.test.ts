import type { H3 } from "h3";
import { beforeEach, describe, expect, it } from "vitest";
import s3 from "../../drivers/s3.ts";
import type { Driver } from "../../src/driver.ts";
import { blocksOf } from "../docs/blocks.ts";
import { moduleOf } from "../docs/snippet.ts";
import { freshBucket, mainServers } from "../support/s3.ts";

const block = blocksOf("drivers/browser.md").find(({ code }) => code.startsWith("// sign.ts\n"));
const PART = 5 * 2 ** 20;

/** What the plugin says of a request that it wants signed. */
interface Asked {
  readonly method: string;
  readonly key: string;
  readonly uploadId?: string;
  readonly partNumber?: number;
  readonly contentType?: string;
}

describe.each(mainServers.slice(0, 1))("what the guide signs for Uppy, on $name", (server) => {
  let app: H3;
  let store: Driver;

  beforeEach(async () => {
    if (!block) throw new Error("drivers/browser.md has no block sign.ts");
    const { endpoint, accessKeyId, secretAccessKey, region } = server;
    const bucket = await freshBucket(server);
    store = s3({ bucket, endpoint, accessKeyId, secretAccessKey, region });
    ({ app } = await moduleOf<{ app: H3 }>(block, {
      "my-bucket": bucket,
      "http://localhost:9000": endpoint,
      'accessKeyId: "minioadmin"': `accessKeyId: ${JSON.stringify(accessKeyId)}`,
      'secretAccessKey: "minioadmin"': `secretAccessKey: ${JSON.stringify(secretAccessKey)}`,
    }));
  });

  const ask = (request: object): Promise<Response> =>
    Promise.resolve(
      app.request("/sign", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(request),
      }),
    );

  /** Has a request signed, and sends it as the plugin does. */
  async function send(request: Asked, init: RequestInit = {}): Promise<Response> {
    const answer = await ask(request);
    expect(answer.status).toBe(200);
    const { url, headers } = (await answer.json()) as {
      readonly url: string;
      readonly headers?: Record<string, string>;
    };
    return fetch(url, { method: request.method, ...init, headers: { ...headers, ...init.headers } });
  }

  it("one PUT stores a file with its type", async () => {
    const key = "incoming/ü a+b.txt";
    expect((await send({ method: "PUT", key, contentType: "text/plain" }, { body: "hello" })).status).toBe(200);
    expect(await store.head(key)).toMatchObject({ size: 5, contentType: "text/plain" });
  });

  it("a POST, parts and a POST store a file in parts, and a DELETE ends another", async () => {
    const key = "incoming/ü a+b.bin";
    const begin = async (): Promise<string> => {
      const headers = { "content-type": "application/x-thing" };
      const begun = await send({ method: "POST", key }, { headers });
      return /<UploadId>(.*)<\/UploadId>/.exec(await begun.text())?.[1] ?? "";
    };
    const uploadId = await begin();
    let parts = "";
    for (const [partNumber, body] of [
      [1, new Uint8Array(PART)],
      [2, new Uint8Array(1)],
    ] as const) {
      const { headers } = await send({ method: "PUT", key, uploadId, partNumber }, { body });
      parts += `<Part><PartNumber>${partNumber}</PartNumber><ETag>${headers.get("etag")}</ETag></Part>`;
    }
    const listed = await send({ method: "GET", key, uploadId });
    expect(await listed.text()).toContain("<PartNumber>2</PartNumber>");
    const body = `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`;
    const done = await send({ method: "POST", key, uploadId }, { body });
    expect(await done.text()).toContain("CompleteMultipartUploadResult");
    expect(await store.head(key)).toMatchObject({ size: PART + 1, contentType: "application/x-thing" });

    const other = await begin();
    expect((await send({ method: "DELETE", key, uploadId: other })).status).toBe(204);
  });

  it("nothing is signed outside its prefix, and neither a read nor a delete of an object", async () => {
    const statuses = async (...requests: readonly object[]): Promise<number[]> =>
      Promise.all(requests.map(async (request) => (await ask(request)).status));
    expect(
      await statuses(
        { method: "PUT", key: "other/a" },
        { method: "POST", key: "incoming" },
        { method: "GET", key: "incoming/a" },
        { method: "DELETE", key: "incoming/a" },
        { method: "GET", key: "incoming/a", uploadId: [""] },
        { method: "DELETE", key: "incoming/a", uploadId: [] },
        { method: "HEAD", key: "incoming/a", uploadId: "none" },
        {},
      ),
    ).toEqual(Array(8).fill(403));
    expect(await statuses({ method: "POST", key: "incoming/../a" }, { method: "PUT", key: "incoming/../a" })).toEqual([
      400, 400,
    ]);
  });
});
