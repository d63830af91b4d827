/** Signatures beside those of botocore, which scripts/botocore.mjs has frozen: an implementation that shares no code with aws4fetch. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { signHeaders, signUrl } from "../../../src/sigv4/sign.ts";
import { date, expiryOf, presignable, request, signerOf } from "./requests.ts";

interface Frozen {
  readonly headers: readonly string[];
  readonly urls: readonly string[];
}

const frozen = JSON.parse(readFileSync(new URL("botocore.json", import.meta.url), "utf8")) as Frozen;

describe("botocore's signatures", () => {
  it("are those of signHeaders for 1000 generated requests", async () => {
    expect(frozen.headers).toHaveLength(1000);
    for (const [index, signature] of frozen.headers.entries()) {
      const made = request(index + 1);
      const { authorization } = await signHeaders(made, { ...signerOf(index + 1), date });
      expect(authorization?.split("Signature=")[1], `${index + 1}: ${made.method} ${made.url}`).toBe(signature);
    }
  });

  it("are those of signUrl for 1000 generated requests", async () => {
    expect(frozen.urls).toHaveLength(1000);
    for (const [index, signature] of frozen.urls.entries()) {
      const made = presignable(index + 1);
      const url = await signUrl(made, { ...signerOf(index + 1), date }, expiryOf(index + 1));
      expect(new URL(url).searchParams.get("X-Amz-Signature"), `${index + 1}: ${made.method} ${made.url}`).toBe(
        signature,
      );
    }
  });
});
