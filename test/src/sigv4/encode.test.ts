import { expect, it } from "vitest";
import { encodeRfc3986 } from "../../../src/sigv4/encode.ts";

it("encodeRfc3986 leaves the unreserved characters alone, and no others", () => {
  expect(encodeRfc3986("AZaz09-._~")).toBe("AZaz09-._~");
  expect(encodeRfc3986("a/b !'()*+%é")).toBe("a%2Fb%20%21%27%28%29%2A%2B%25%C3%A9");
});
