import { describe, expect, it } from "vitest";
import { pageAt } from "../../src/cursor.ts";
import type { Page } from "../../src/listing.ts";

const EMPTY: Page = { objects: [], prefixes: [] };

async function cursorOf(options: Parameters<typeof pageAt>[0], own = "store's own"): Promise<string> {
  const page = await pageAt(options, undefined, async () => ({ ...EMPTY, cursor: own }));
  return page.cursor as string;
}

describe("pageAt", () => {
  it("gives the store its own cursor back, whatever is in it", async () => {
    for (const own of ["", "a.b", "a\nb", "\ud83d\ude00", "x".repeat(2000)]) {
      const cursor = await cursorOf({ prefix: "p/", delimiter: "/" }, own);
      const asked: unknown[] = [];
      await pageAt({ prefix: "p/", delimiter: "/" }, cursor, async (at) => (asked.push(at), EMPTY));
      expect(asked).toEqual([own]);
    }
  });

  it("has a mark of at most 8 characters, and leaves the last page as it is", async () => {
    expect((await cursorOf({ prefix: "p/".repeat(500) }, "")).length).toBeLessThanOrEqual(8);
    expect(await pageAt({}, undefined, async () => EMPTY)).toBe(EMPTY);
  });

  it.each([{ prefix: "/a" }, { prefix: "a" }, { prefix: "b", delimiter: "/" }, { delimiter: "/" }])(
    "refuses one of another prefix or delimiter, and tells them apart: %j",
    async (other) => {
      const cursor = await cursorOf({ prefix: "a", delimiter: "/" });
      await expect(pageAt(other, cursor, async () => EMPTY)).rejects.toMatchObject({ code: "invalid-option" });
    },
  );

  it("refuses one that was altered, wherever", async () => {
    const cursor = await cursorOf({ prefix: "p/" }, "b64/tok.en==");
    for (let at = 0; at < cursor.length; at++) {
      for (const altered of [cursor.slice(0, at), `${cursor.slice(0, at)}~${cursor.slice(at + 1)}`])
        await expect(pageAt({ prefix: "p/" }, altered, async () => EMPTY)).rejects.toMatchObject({
          code: "invalid-option",
        });
    }
  });

  it.each([5, 5.5, {}, "", "no mark", "."])("refuses %j before the store is asked", async (cursor) => {
    const load = (): never => {
      throw new Error("the store was asked");
    };
    await expect(pageAt({}, cursor as string, load)).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringContaining("cursor was altered, or is of another prefix"),
    });
  });
});
