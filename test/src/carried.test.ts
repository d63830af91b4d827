import { afterEach, beforeEach, describe, expect, it } from "vitest";
import memory from "../../drivers/memory.ts";
import { carriedBy } from "../../src/carried.ts";
import { readForm } from "../../src/form.ts";

const put = (body: BodyInit | null, headers: Record<string, string> = {}): Request =>
  new Request("http://test/", { method: "PUT", body, headers, duplex: "half" } as RequestInit);
const text = async (stream: ReadableStream<Uint8Array> | null): Promise<string> => new Response(stream).text();

it("a Request's body is its own stream, and null is none", () => {
  const request = put("hello");
  expect(carriedBy(request)).toBe(request.body);
  expect(carriedBy(put(null))).toBe(null);
});

describe("where a Request does not show its body, as in Firefox", () => {
  const shown = Object.getOwnPropertyDescriptor(Request.prototype, "body") as PropertyDescriptor;
  beforeEach(() => void Reflect.deleteProperty(Request.prototype, "body"));
  afterEach(() => void Object.defineProperty(Request.prototype, "body", shown));

  it("its bytes are read, and it counts as used", async () => {
    const request = put("hello");
    expect("body" in request).toBe(false);
    expect(await text(carriedBy(request))).toBe("hello");
    expect(request.bodyUsed).toBe(true);
    expect(await text(carriedBy(put(null)))).toBe("");
  });

  it("a body that breaks off errors, with what broke it", async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error("the line is gone")),
    });
    await expect(text(carriedBy(put(broken)))).rejects.toThrow("the line is gone");
  });

  it("it can be cancelled", async () => {
    await carriedBy(put("hello"))?.cancel();
  });

  it("an upload stores it whole, with its type, and a form is read", async () => {
    const store = memory();
    expect(await store.upload("a", put("hello", { "content-type": "text/plain" }))).toMatchObject({ size: 5 });
    expect((await store.head("a"))?.contentType).toBe("text/plain");
    const form = new FormData();
    form.set("word", "hello");
    const parts: unknown[] = [];
    for await (const part of readForm(new Request("http://test/", { method: "POST", body: form }))) parts.push(part);
    expect(parts).toEqual([{ kind: "text", field: "word", value: "hello" }]);
  });
});
