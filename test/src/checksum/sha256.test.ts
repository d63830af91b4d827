import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { describe, expect, it, vi } from "vitest";
import { sha256 } from "../../../src/checksum/sha256.ts";
import { cut, noise, utf8 } from "../../../src/conformance/bytes.ts";
import { sha256Stream } from "../../../src/sigv4/digest.web.ts";

const source = (path: string): string => fileURLToPath(new URL(`../../../src/${path}`, import.meta.url));

async function streamed(bytes: Uint8Array): Promise<string> {
  const hasher = sha256.create();
  for (const piece of cut(bytes, [1000, 64, 1])) await hasher.update(piece);
  return hasher.digest();
}

describe("sha256", () => {
  it("of and create agree with Node", async () => {
    const bytes = noise(10_000);
    const expected = createHash("sha256").update(bytes).digest("base64");
    expect([await sha256.of(bytes), await streamed(bytes)]).toEqual([expected, expected]);
  });

  it("create streams where the runtime has nothing for it", async () => {
    vi.resetModules();
    vi.doMock("#digest", () => import("../../../src/sigv4/digest.web.ts"));
    expect(sha256Stream()).toBeUndefined();
    const fresh = (await import("../../../src/checksum/sha256.ts")).sha256;
    const hasher = fresh.create();
    await hasher.update(utf8("ab"));
    await hasher.update(utf8("c"));
    expect(await hasher.digest()).toBe(createHash("sha256").update("abc").digest("base64"));
    vi.doUnmock("#digest");
  });

  it("create is workerd's own stream there", { timeout: 60_000 }, async () => {
    const contents = `
      import { sha256 } from ${JSON.stringify(source("checksum.ts"))};
      import { sha256Stream } from ${JSON.stringify(source("sigv4/digest.web.ts"))};
      export default { async fetch() {
        const hasher = sha256.create();
        for (const piece of ["a", "", "bc"]) await hasher.update(new TextEncoder().encode(piece));
        return Response.json([sha256Stream() !== undefined, await hasher.digest()]);
      } };`;
    const { outputFiles } = await build({
      stdin: { contents, loader: "js", resolveDir: "/" },
      alias: { "#digest": source("sigv4/digest.web.ts") },
      ...{ bundle: true, format: "esm", write: false },
    });
    const miniflare = new Miniflare({
      modules: [{ type: "ESModule", path: "worker.mjs", contents: outputFiles[0]?.text ?? "" }],
      compatibilityDate: "2026-04-01",
    });
    try {
      const answer = await miniflare.dispatchFetch("http://worker/");
      expect(await answer.json()).toEqual([true, createHash("sha256").update("abc").digest("base64")]);
    } finally {
      await miniflare.dispose();
    }
  });
});
