import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../servers/cache.ts";
import { manifest, Projects } from "./projects.ts";

const projects = new Projects();
const uploads = mkdtempSync(join(tmpdir(), "unbucket-module-"));
beforeAll(() => projects.pack());
afterAll(() => {
  projects.remove();
  rmSync(uploads, { recursive: true, force: true });
});

describe.each([
  ["storage.js", { type: "module" }],
  ["storage.mjs", {}],
])("the module that init writes, %s", (file, more) => {
  it("uploads, downloads, says what exists, presigns and removes, on a folder", async () => {
    const app = await projects.create({ "package.json": manifest(more) });
    await app.unbucket("init");
    const script = `
      import { readFileSync } from "node:fs";
      import { download, exists, presign, remove, storage, upload } from "./${file}";
      const info = await upload("notes/a.txt", new Blob(["hello"]).stream());
      const onDisk = readFileSync(info.location, "utf8");
      const text = await (await download("notes/a.txt")).text();
      const there = [await exists("notes/a.txt"), await exists("notes/b.txt")];
      const url = await presign("notes/a.txt");
      await remove("notes/a.txt");
      const { code } = await download("notes/a.txt").catch((error) => error);
      const same = storage() === storage();
      console.log(JSON.stringify({ info, onDisk, text, there, url, gone: await exists("notes/a.txt"), code, same }));
    `;
    const folder = join(uploads, file);
    const result: unknown = JSON.parse(await app.script(script, { STORAGE_BACKEND: "", STORAGE_LOCAL_PATH: folder }));
    expect(result).toMatchObject({
      info: { key: "notes/a.txt", size: 5, contentType: "text/plain", location: join(folder, "notes/a.txt") },
      onDisk: "hello",
      text: "hello",
      there: [true, false],
      url: null,
      gone: false,
      code: "not-found",
      same: true,
    });
  });

  it("stores in ./uploads of the project when nothing is set", async () => {
    const app = await projects.create({ "package.json": manifest(more) });
    await app.unbucket("init");
    const nothing = { STORAGE_BACKEND: "", STORAGE_LOCAL_PATH: "" };
    await app.script(`import { upload } from "./${file}"; await upload("a/b.txt", "hello");`, nothing);
    expect(readFileSync(join(app.dir, "uploads/a/b.txt"), "utf8")).toBe("hello");
  });

  it("presigns on S3, by environment alone", async () => {
    const app = await projects.create({ "package.json": manifest(more) });
    await app.unbucket("init");
    const lines = app
      .read(".env.example")
      .split("\n")
      .filter((line) => line.startsWith("STORAGE_"));
    const example: Record<string, string> = Object.fromEntries(lines.map((line) => line.split("=")));
    const script = `import { presign } from "./${file}"; console.log((await presign("a b.txt", { expiresIn: 60 })).url);`;
    const url = new URL(await app.script(script, { ...example, STORAGE_BACKEND: "s3" }));
    expect(url.origin + url.pathname).toBe("http://localhost:9000/my-bucket/a%20b.txt");
    expect(url.searchParams.get("X-Amz-Expires")).toBe("60");
  });
});

it("init prints a require that works in a CommonJS project", async () => {
  const app = await projects.create({ "package.json": manifest() });
  const line = usageOf((await app.unbucket("init")).stdout);
  expect(line).toBe('const { upload, download } = require("./storage.mjs");');
  writeFileSync(join(app.dir, "main.js"), `${line}\nupload("a.txt", "hello");\n`);
  await run(process.execPath, ["main.js"], { cwd: app.dir, env: { PATH: process.env["PATH"] } });
  expect(readFileSync(join(app.dir, "uploads/a.txt"), "utf8")).toBe("hello");
});

describe("the TypeScript module that init writes", () => {
  const options = {
    strict: true,
    noEmit: true,
    module: "NodeNext",
    target: "ES2022",
    lib: ["ES2022", "DOM", "DOM.Iterable"],
  };
  const tsconfig = (more: object = {}): string =>
    JSON.stringify({
      compilerOptions: { ...options, types: [], isolatedDeclarations: true, declaration: true, ...more },
    });
  const bundled = { module: "ESNext", moduleResolution: "bundler" };
  const bindings = `declare module "cloudflare:workers" {
    interface Env { DB: { prepare(query: string): void } }
    export const env: Env;
  }`;

  it.each([
    ["plain", { "package.json": manifest({ type: "module" }) }, "storage.ts", {}],
    [
      "plain, with .ts imports",
      { "package.json": manifest({ type: "module" }) },
      "storage.ts",
      { allowImportingTsExtensions: true },
    ],
    ["CommonJS", { "package.json": manifest() }, "storage.ts", {}],
    [
      "Nitro",
      { "package.json": manifest({ type: "module", dependencies: { nitro: "3" } }) },
      "utils/storage.ts",
      bundled,
    ],
    [
      "Workers",
      { "package.json": manifest({ type: "module" }), "wrangler.toml": "", "env.d.ts": bindings },
      "src/storage.ts",
      bundled,
    ],
  ])("of a %s project passes a strict compiler, with the import that init prints", async (_kind, files, path, more) => {
    const app = await projects.create({ ...files, "tsconfig.json": tsconfig(more) });
    const usage = usageOf((await app.unbucket("init")).stdout);
    expect(existsSync(join(app.dir, path))).toBe(true);
    writeFileSync(join(app.dir, "main.ts"), `${usage}\nexport const both: unknown[] = [upload, download];\n`);
    const tsc = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
    await run(process.execPath, [tsc, "-p", app.dir], { cwd: app.dir });
  });
});

describe("the Workers module that init writes", () => {
  it("stores by the Worker's own bindings, in workerd", async () => {
    const main = `
      import { download, upload } from "./src/storage.js";
      export default {
        async fetch(request) {
          const info = await upload("a.txt", request.body, { contentType: "text/plain" });
          return new Response((await download("a.txt")).body, { headers: { "x-size": String(info.size) } });
        },
      };`;
    const app = await projects.create({ "package.json": manifest(), "wrangler.jsonc": "{}", "worker.js": main });
    await app.unbucket("init");
    const bundle = await build({
      entryPoints: [join(app.dir, "worker.js")],
      bundle: true,
      write: false,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["workerd", "worker", "browser"],
      external: ["cloudflare:*"],
    });
    const worker = new Miniflare({
      modules: true,
      script: bundle.outputFiles[0]?.text ?? "",
      bindings: { STORAGE_BACKEND: "memory" },
      compatibilityDate: "2026-04-01",
    });
    try {
      const response = await worker.dispatchFetch("http://localhost/", { method: "POST", body: "hello" });
      expect(await response.text()).toBe("hello");
      expect(response.headers.get("x-size")).toBe("5");
    } finally {
      await worker.dispose();
    }
  });
});

/** The line under "Usage in code" that brings the verbs in. */
function usageOf(stdout: string): string {
  return /Usage in code:\n {2}(.*)/.exec(stdout)?.[1] ?? "";
}
