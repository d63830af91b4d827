import { expect, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { toDriver } from "../../src/driver.ts";

/** A stream that resolves `cancelled` with the reason it was cancelled for. */
function watched(): { stream: ReadableStream<Uint8Array>; cancelled: Promise<unknown> } {
  let settle!: (reason: unknown) => void;
  const cancelled = new Promise((resolve) => (settle = resolve));
  return { stream: new ReadableStream({ cancel: (reason) => settle(reason) }), cancelled };
}

test.each(["upload", "setItemRaw"] as const)("%s cancels a body that it refuses for its key", async (verb) => {
  const { stream, cancelled } = watched();
  await expect(memory()[verb]("..", stream)).rejects.toMatchObject({ code: "invalid-key" });
  expect(await cancelled).toMatchObject({ code: "invalid-key" });
});

test("upload cancels the body when its signal was aborted before", async () => {
  const reason = new Error("left");
  const { stream, cancelled } = watched();
  await expect(memory().upload("k", stream, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(await cancelled).toBe(reason);
});

test("upload cancels the body when the store cannot be opened", async () => {
  const { stream, cancelled } = watched();
  const driver = toDriver({ name: "none", open: () => Promise.reject(new Error("no store")) });
  await expect(driver.upload("k", stream)).rejects.toThrow("no store");
  await cancelled;
});

test.each([{ metadata: { a: "\u0001" } }, {}] as const)(
  "upload ends an iterable that it refuses: %j",
  async (options) => {
    const store = memory();
    await store.upload("k", "there");
    let ended = false;
    async function* body(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield new Uint8Array(1024);
      } finally {
        ended = true;
      }
    }
    const down = toDriver({
      name: "down",
      open: async () => ({ ...(await store.getInstance()), put: () => Promise.reject(new Error("down")) }),
    });
    await expect((Object.keys(options).length > 0 ? store : down).upload("k", body(), options)).rejects.toThrow();
    await expect.poll(() => ended).toBe(true);
  },
);

test("upload ends no body that another call has", async () => {
  const again = {
    async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
      for (let count = 0; count < 2; count++) yield new Uint8Array(1000);
    },
  };
  const slow = await memory().getInstance();
  const driver = toDriver({
    name: "slow",
    open: async () => ({
      ...slow,
      async put(...call) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return slow.put(...call);
      },
    }),
  });
  const wrong = [driver.upload("..", again), driver.upload("b", again, { metadata: { a: "\u0001" } })];
  const [good, ...others] = await Promise.allSettled([driver.upload("a", again), ...wrong]);
  expect(good).toMatchObject({ value: { size: 2000 } });
  for (const { status } of others) expect(status).toBe("rejected");
});
