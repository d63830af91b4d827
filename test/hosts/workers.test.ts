import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linkPackage, packPackage } from "./pack.ts";

const app = `
import { getStorage } from "unbucket/drivers/env";
import driver from "unbucket/drivers/env";
import { respond } from "unbucket/respond";
const mounted = driver();
export default {
  async fetch(request, env) {
    if (request.url.endsWith("/host")) globalThis.__env__ = env;
    const store = request.url.endsWith("/host") ? mounted : getStorage(env);
    try {
      await store.upload("a.txt", "hello from a worker");
      return await respond(store, "a.txt", request);
    } catch (error) {
      return new Response(error.code + ": " + error.message, { status: 500 });
    }
  },
};`;

const folder = mkdtempSync(join(tmpdir(), "unbucket-workers-"));
let script = "";

beforeAll(async () => {
  const packed = await packPackage();
  await linkPackage(packed.tarball, folder);
  packed.remove();
  const result = await build({
    stdin: { contents: app, resolveDir: folder },
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
  });
  script = result.outputFiles[0]?.text ?? "";
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("env bundled for Workers", () => {
  it("holds no node: import, no undici and no folder", () => {
    expect(script).toContain("STORAGE_S3_BUCKET");
    expect(script).not.toMatch(/["']node:/);
    expect(script).not.toMatch(/undici|fsync/);
  });

  it.each(["/", "/host"])("reads the bindings of the Worker at %s", async (path) => {
    expect(await answer({ STORAGE_BACKEND: "memory" }, path)).toBe("200 hello from a worker");
  });

  it("answers with the length of the object, which workerd takes from no header", async () => {
    const worker = new Miniflare({
      ...{ modules: true, script, bindings: { STORAGE_BACKEND: "memory" }, compatibilityDate: "2026-04-01" },
      host: "127.0.0.1",
    });
    try {
      const answer = await fetch(await worker.ready, { headers: { "accept-encoding": "identity" } });
      expect([answer.headers.get("content-length"), await answer.text()]).toEqual(["19", "hello from a worker"]);
    } finally {
      await worker.dispose();
    }
  });

  it("says what to set where there is no folder", async () => {
    expect(await answer({}, "/")).toMatch(/^500 unsupported: .*this platform has no folder: set STORAGE_BACKEND=s3/);
  });

  async function answer(bindings: Record<string, string>, path: string): Promise<string> {
    const worker = new Miniflare({ modules: true, script, bindings, compatibilityDate: "2026-04-01" });
    try {
      const response = await worker.dispatchFetch(`http://localhost${path}`);
      return `${response.status} ${await response.text()}`;
    } finally {
      await worker.dispose();
    }
  }
});
