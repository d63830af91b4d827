import { describe, expect, it } from "vitest";
import { asking, refusalOf } from "./asked.ts";

describe("checkHeaders", () => {
  it("takes a header that asks for nothing, and refuses one that asks for what is not there", async () => {
    const { ask } = asking();
    const lock = "x-amz-bucket-object-lock-enabled";
    expect((await ask("PUT", "bucket", { headers: { [lock]: "false" } })).status).toBe(200);
    expect(await refusalOf(await ask("PUT", "bucket", { headers: { [lock]: "true" } }))).toBe("501 NotImplemented");
  });
});

describe("toOptions", () => {
  it.each([
    ["as bytes of UTF-8", "b\u00c3\u00a4r"],
    ["as Latin-1", "b\u00e4r"],
  ])("keeps metadata whose text is signed as UTF-8 and sent %s", async (_, sent) => {
    const { store, sign, send } = asking();
    const request = await sign("PUT", "bucket/key", { headers: { "x-amz-meta-name": "b\u00e4r" } });
    const headers = new Headers(request.headers);
    headers.set("x-amz-meta-name", sent);
    expect((await send(new Request(request, { headers }))).status).toBe(200);
    expect((await store.head("key"))?.metadata).toEqual({ name: "b\u00e4r" });
  });
});
