import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare, Response as WorkerResponse } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshBucket, servers } from "../support/s3.ts";

const root = fileURLToPath(new URL("../../playground/", import.meta.url));

describe("the playground on Workers", () => {
  let worker: Miniflare;
  let url: URL;
  let imports: string[];

  beforeAll(async () => {
    const [server] = servers;
    if (server === undefined) throw new Error("no S3 server runs");
    const bundle = await build({
      entryPoints: [join(root, "worker.ts")],
      bundle: true,
      write: false,
      metafile: true,
      format: "esm",
      mainFields: ["module", "main"],
      conditions: ["workerd", "worker", "browser", "import"],
      external: ["cloudflare:*"],
    });
    imports = Object.values(bundle.metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path));
    worker = new Miniflare({
      modules: true,
      script: bundle.outputFiles[0]?.text ?? "",
      compatibilityDate: "2026-04-01",
      d1Databases: ["DB"],
      serviceBindings: {
        ASSETS: async (request: { readonly url: string }) =>
          new WorkerResponse(new Uint8Array(await readFile(join(root, "public", new URL(request.url).pathname)))),
      },
      bindings: {
        STORAGE_BACKEND: "s3",
        STORAGE_S3_BUCKET: await freshBucket(server),
        STORAGE_S3_REGION: server.region,
        STORAGE_S3_ENDPOINT_URL: server.endpoint,
        STORAGE_S3_ACCESS_KEY: server.accessKeyId,
        STORAGE_S3_SECRET_KEY: server.secretAccessKey,
      },
    });
    url = await worker.ready;
  });
  afterAll(() => worker.dispose());

  const at = (path: string): URL => new URL(path, url);

  it("is a bundle without Node and without sharp", () => {
    expect(imports.filter((path) => /^node:|sharp|libsql|drivers\/fs/.test(path))).toEqual([]);
  });

  it("stores, lists, reads and deletes", async () => {
    const stored = await fetch(at("/files?key=a%2Fb%20c.txt"), { method: "PUT", body: "hello" });
    expect([stored.status, await stored.json()]).toEqual([201, expect.objectContaining({ key: "a/b c.txt", size: 5 })]);
    expect(await (await fetch(at("/files/a/b%20c.txt"))).text()).toBe("hello");
    expect(await (await fetch(at("/files?delimiter=/"))).json()).toMatchObject({ objects: [], prefixes: ["a/"] });
    expect((await fetch(at("/files/a/b%20c.txt"), { method: "DELETE" })).status).toBe(204);
    expect((await fetch(at("/files/a/b%20c.txt"))).status).toBe(404);
  });

  it("keeps documents in D1", async () => {
    const form = new FormData();
    form.append("user", "42");
    form.append("file", new Blob(["hello"], { type: "text/plain" }), "a.txt");
    const made = await fetch(at("/documents"), { method: "POST", body: form });
    expect(made.status).toBe(201);
    const { id } = (await made.json()) as { id: string };
    const { url: signed } = (await (await fetch(at(`/documents/${id}/download-url`))).json()) as { url: string };
    expect(await (await fetch(signed)).text()).toBe("hello");
    expect(await (await fetch(at("/documents/sweep"), { method: "POST" })).json()).toEqual({ finished: 0, failed: 0 });
    expect((await fetch(at(`/documents/${id}`), { method: "DELETE" })).status).toBe(204);
    expect(await (await fetch(at("/documents"))).json()).toEqual({ documents: [] });
  });

  it("has no thumbnailer, and says 501", async () => {
    const form = new FormData();
    form.append("file", new Blob(["x"], { type: "image/png" }), "a.png");
    const answer = await fetch(at("/users/42/avatar"), { method: "POST", body: form });
    expect([answer.status, await answer.text()]).toEqual([501, expect.stringContaining("sharp")]);
  });

  it("serves the page from the assets", async () => {
    const page = await fetch(at("/"));
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("S3 bucket unbucket-")]);
    expect((await fetch(at("/page/page.js"))).headers.get("content-type")).toContain("text/javascript");
  });
});
