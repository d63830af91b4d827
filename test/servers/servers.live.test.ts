import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { deleteBuckets } from "./clean.ts";
import { freshBucket, servers, signed } from "../support/s3.ts";

describe.each(servers)("$name", (server) => {
  it("stores and returns an object in a fresh bucket", async () => {
    const bucket = await freshBucket(server);
    const put = await signed(server, "PUT", `${bucket}/a%20b/c.txt`, { body: "hello" });
    expect(put.status).toBe(200);
    const get = await signed(server, "GET", `${bucket}/a%20b/c.txt`);
    expect(await get.text()).toBe("hello");
  });

  it("refuses a wrong secret", async () => {
    const bucket = await freshBucket(server);
    const impostor = { ...server, secretAccessKey: "not-the-secret" };
    expect((await signed(impostor, "PUT", `${bucket}/x`, { body: "x" })).status).toBe(403);
  });

  it("has room for many buckets at once", async () => {
    const buckets = await Promise.all(Array.from({ length: 40 }, () => freshBucket(server)));
    const answers = buckets.map((bucket) => signed(server, "PUT", `${bucket}/x`, { body: "x" }));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(buckets.map(() => 200));
  });

  it("can be rid of a run's buckets, objects, what objects hide and unfinished uploads included", async () => {
    const prefix = `unbucket-clean-${randomUUID().slice(0, 8)}-`;
    const buckets = await Promise.all(["a", "b"].map((name) => freshBucket(server, prefix + name)));
    for (const key of ["n/a", "n/a%20b%2B%26/%C3%A4", "n/a/b"]) {
      await signed(server, "PUT", `${buckets[0]}/${key}`, { body: "x" });
    }
    expect((await signed(server, "POST", `${buckets[0]}/unfinished?uploads`)).status).toBe(200);
    expect(await deleteBuckets(server, prefix)).toEqual(buckets);
    const after = buckets.map(async (bucket) => (await signed(server, "HEAD", bucket)).status);
    expect(await Promise.all(after)).toEqual([404, 404]);
  });
});
