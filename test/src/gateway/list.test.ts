import { describe, expect, it } from "vitest";
import { asking, refusalOf } from "./asked.ts";

describe("listObjects", () => {
  it("gives tokens that any parser reads, whatever the keys", async () => {
    const { store, ask } = asking();
    const keys = ["a\u0001b", "a\u0001c", "a\u0001d"];
    for (const key of keys) await store.upload(key, "");
    const found: string[] = [];
    for (let token: string | undefined = ""; token !== undefined;) {
      const query = token && `&continuation-token=${encodeURIComponent(token)}`;
      const text: string = await (await ask("GET", `bucket?list-type=2&encoding-type=url&max-keys=1${query}`)).text();
      expect(text).not.toContain("&#1;");
      found.push(decodeURIComponent(/<Contents><Key>([^<]*)/.exec(text)?.[1] ?? ""));
      token = /<NextContinuationToken>([^<]*)/.exec(text)?.[1];
    }
    expect(found).toEqual(keys);
  });

  it.each(["rubbish", "%25E0%25A4%25A"])("refuses a token that it never gave: %s", async (token) => {
    const { ask } = asking();
    expect(await refusalOf(await ask("GET", `bucket?list-type=2&continuation-token=${token}`))).toBe(
      "400 InvalidArgument",
    );
  });
});
