import { describe, expect, it } from "vitest";
import { toObjectBody } from "../../../drivers/s3/body.ts";
import type { Pieces } from "../../../drivers/s3/transport.ts";
import { collectGarbage, lasting } from "../../support/garbage.ts";

const place = { operation: "download", driver: "s3", key: "k" };

function pieces(next: Pieces["next"]): Pieces & { readonly cancelled: unknown[] } {
  const cancelled: unknown[] = [];
  return { next, cancelled, cancel: (reason) => void cancelled.push(reason) };
}

describe("toObjectBody", () => {
  it("asks for a piece when one is read, and not before", async () => {
    let asked = 0;
    const body = toObjectBody(
      pieces(async () => (++asked > 2 ? null : Uint8Array.of(asked))),
      {},
      undefined,
    ).stream();
    await Promise.resolve();
    expect(asked).toBe(0);
    const reader = body.getReader();
    expect([await reader.read(), asked]).toEqual([{ done: false, value: Uint8Array.of(1) }, 1]);
    await reader.read();
    expect((await reader.read()).done).toBe(true);
  });

  it("errors with where it happened, and lets go", async () => {
    const source = pieces(async () => Promise.reject(new Error("lost")));
    await expect(toObjectBody(source, { place }, undefined).stream().getReader().read()).rejects.toMatchObject({
      ...place,
      message: 's3 download "k": lost',
    });
    expect(source.cancelled).toHaveLength(1);
  });

  it("errors with the signal's own reason, also when all bytes are there already", async () => {
    const control = new AbortController();
    const source = pieces(async () => Uint8Array.of(1));
    const reader = toObjectBody(source, { place, signal: control.signal }, undefined).stream().getReader();
    await reader.read();
    const reason = new Error("left");
    control.abort(reason);
    await expect(reader.read()).rejects.toBe(reason);
    expect(source.cancelled).toEqual([reason]);
  });

  it("passes a cancel on", async () => {
    const source = pieces(async () => null);
    await toObjectBody(source, {}, undefined).stream().cancel("enough");
    expect(source.cancelled).toEqual(["enough"]);
  });

  it("gives the same pieces without a stream", async () => {
    let asked = 0;
    const { next } = toObjectBody(
      pieces(async () => (++asked > 1 ? null : Uint8Array.of(asked))),
      {},
      undefined,
    );
    expect([await next(), await next()]).toEqual([Uint8Array.of(1), null]);
    const source = pieces(async () => Promise.reject(new Error("lost")));
    await expect(toObjectBody(source, { place }, undefined).next()).rejects.toMatchObject(place);
    expect(source.cancelled).toHaveLength(1);
  });

  it.each(["a stream", "a reader", "next"])("lets go when %s of it is forgotten before its end", async (what) => {
    const source = pieces(async () => Uint8Array.of(1));
    // As long as the process, with a listener of the connection's.
    const { signal } = new AbortController();
    const begin = async (): Promise<() => unknown> => {
      const body = toObjectBody(source, { signal }, undefined);
      if (what === "next") return body.next;
      const stream = body.stream();
      if (what === "a stream") return () => stream;
      const reader = stream.getReader();
      await reader.read();
      return () => reader;
    };
    let held: (() => unknown) | undefined = await begin();
    await lasting();
    await collectGarbage();
    expect(source.cancelled, "while it is held").toHaveLength(0);
    expect(held()).toBeDefined();
    held = undefined;
    await expect.poll(() => collectGarbage().then(() => source.cancelled)).toEqual([undefined]);
  });

  it("does not let go while a read waits that nothing else reaches", async () => {
    let come!: (piece: Uint8Array) => void;
    const source = pieces(() => new Promise((resolve) => (come = resolve)));
    const read = toObjectBody(source, {}, undefined).next();
    await lasting();
    await collectGarbage();
    expect(source.cancelled).toHaveLength(0);
    come(Uint8Array.of(1));
    expect(await read).toEqual(Uint8Array.of(1));
  });

  it("has nothing to let go of at its end", async () => {
    const source = pieces(async () => null);
    const read = async (): Promise<void> => {
      const body = toObjectBody(source, {}, undefined);
      await body.next();
    };
    await read();
    await lasting();
    await collectGarbage();
    expect(source.cancelled).toHaveLength(0);
  });
});
