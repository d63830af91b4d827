import { describe, expect, it } from "vitest";
import s3 from "../../drivers/s3.ts";
import { addressed } from "../../playground/services/backend.ts";

const bucket = (publicUrl?: string): ReturnType<typeof s3> =>
  s3({
    ...{ bucket: "b-1", endpoint: "http://h", accessKeyId: "a", secretAccessKey: "s", publicUrl },
    fetch: async () => new Response(null, { headers: { etag: '"e"' } }),
  });

describe("addressed", () => {
  it("leaves out the address of a bucket that nobody called public", async () => {
    expect((await bucket().upload("k", "x")).url).toBe("http://h/b-1/k");
    expect((await addressed(bucket(), {}).upload("k", "x")).url).toBeNull();
    expect((await addressed(bucket(), { STORAGE_PUBLIC_URL: "" }).upload("k", "x")).url).toBeNull();
  });

  it("gives the address that STORAGE_PUBLIC_URL asks for", async () => {
    const publicUrl = "https://cdn.example";
    const { url } = await addressed(bucket(publicUrl), { STORAGE_PUBLIC_URL: publicUrl }).upload("k", "x");
    expect(url).toBe("https://cdn.example/k");
  });
});
