import { expect, it } from "vitest";
import { asking, refusalOf } from "./asked.ts";

it.each([
  ["a sender that is gone", {}, "IncompleteBody"],
  ["a host that lets no more pass", { status: 413 }, "EntityTooLarge"],
])("bodyOf says of %s that the request is at fault", async (_, details, code) => {
  const told: unknown[] = [];
  const { sign, send, store } = asking({ onError: (error) => told.push(error) });
  const { url, headers } = await sign("PUT", "bucket/a", {
    body: "Hello",
    headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
  });
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(Object.assign(new Error("no more comes"), details)),
  });
  const answer = await send(new Request(url, { method: "PUT", headers, body, duplex: "half" } as RequestInit));
  expect(await refusalOf(answer)).toBe(`400 ${code}`);
  expect(told).toEqual([]);
  expect(await store.exists("a")).toBe(false);
});
