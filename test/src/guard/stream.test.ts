import { expect, test } from "vitest";
import { openSource } from "../../../src/guard/stream.ts";

test("openSource gives a head of the asked length and all bytes after it", async () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, index) => index);
  const { head, body } = await openSource({ bytes }, 10, 100);
  expect(head).toEqual(bytes.slice(0, 10));
  expect(new Uint8Array(await new Response(body).arrayBuffer())).toEqual(bytes);
});

test("openSource passes over chunks of no bytes", async () => {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const size of [0, 3, 0, 0, 4, 0]) controller.enqueue(new Uint8Array(size));
      controller.close();
    },
  });
  const { body } = await openSource({ stream }, 2, 10);
  const sizes: number[] = [];
  for await (const chunk of body) sizes.push(chunk.byteLength);
  expect(sizes).toEqual([3, 4]);
});

test("openSource refuses a chunk that is no bytes and cancels the source", async () => {
  let cancelled = false;
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue(42),
    cancel: () => void (cancelled = true),
  });
  await expect(openSource({ stream }, 2, 10)).rejects.toMatchObject({ code: "invalid-option" });
  expect(cancelled).toBe(true);
});
