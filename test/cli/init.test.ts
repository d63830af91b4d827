import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { manifest, type Project, Projects } from "./projects.ts";

const projects = new Projects();
beforeAll(() => projects.pack());
afterAll(() => projects.remove());
const project = (files: Readonly<Record<string, string>>): Promise<Project> => projects.create(files);

const kinds: readonly { title: string; files: Record<string, string>; module: string }[] = [
  { title: "plain JavaScript", files: { "package.json": manifest({ type: "module" }) }, module: "storage.js" },
  { title: "plain JavaScript", files: { "package.json": manifest() }, module: "storage.mjs" },
  {
    title: "plain TypeScript",
    files: {
      "package.json": manifest({ type: "module", devDependencies: { typescript: "*" } }),
      "src/app.ts": "export {};\n",
    },
    module: "src/storage.ts",
  },
  {
    title: "Nitro",
    files: { "package.json": manifest({ devDependencies: { nitro: "3.0.0" } }), "tsconfig.json": "{}" },
    module: "utils/storage.ts",
  },
  {
    title: "Nitro",
    files: {
      "package.json": manifest({ dependencies: { nitropack: "2" } }),
      "nitro.config.ts": 'export default { srcDir: "server" }',
    },
    module: "server/utils/storage.ts",
  },
  {
    title: "Nuxt",
    files: { "package.json": manifest({ dependencies: { nuxt: "4" } }) },
    module: "server/utils/storage.ts",
  },
  {
    title: "Nuxt",
    files: { "package.json": manifest(), "nuxt.config.ts": "", "wrangler.toml": "" },
    module: "server/utils/storage.ts",
  },
  {
    title: "Cloudflare Workers",
    files: { "package.json": manifest(), "wrangler.jsonc": "{}", "tsconfig.json": "{}" },
    module: "src/storage.ts",
  },
  { title: "Cloudflare Workers", files: { "package.json": manifest(), "wrangler.toml": "" }, module: "src/storage.js" },
];

describe.each(kinds)("init in a $title project -> $module", ({ title, files, module }) => {
  it("adds three files, says so, and changes nothing the second time", async () => {
    const app = await project(files);
    const first = await app.unbucket("init");
    expect(first.stdout).toContain(`Object storage for a ${title} project`);
    for (const path of ["docker-compose.yml", ".env.example", module])
      expect(first.stdout).toContain(`created  ${path}`);
    const after = app.files();
    expect(Object.keys(after)).toEqual([".env.example", "docker-compose.yml", module, ...Object.keys(files)].sort());
    expect(after).toMatchObject(files);
    for (const verb of ["upload", "download", "remove", "exists", "presign"])
      expect(after[module]).toContain(`export function ${verb}(`);

    const second = await app.unbucket("init");
    expect(app.files()).toEqual(after);
    for (const path of ["docker-compose.yml", ".env.example", module])
      expect(second.stdout).toContain(`kept     ${path}`);
    expect(second.stdout).not.toMatch(/created|added/);
  });

  it("writes nothing with --dry-run, and says what it would", async () => {
    const app = await project(files);
    const { stdout } = await app.unbucket("init", "--dry-run");
    expect(stdout).toContain(`would create ${module}`);
    expect(app.files()).toEqual(files);
  });
});

describe("init", () => {
  it("keeps every file that is there, adds only missing lines and puts its compose file beside another", async () => {
    const own = {
      "package.json": manifest({ type: "module" }),
      ".env.example": "PORT=3000\nSTORAGE_BACKEND=s3\n# STORAGE_S3_REGION=eu-west-1",
      "compose.yaml": "services:\n  db:\n    image: postgres:17\n",
      "storage.js": "// mine\n",
    };
    const app = await project(own);
    const { stdout } = await app.unbucket("init");
    expect(app.read("compose.yaml")).toBe(own["compose.yaml"]);
    expect(app.read("storage.js")).toBe("// mine\n");
    expect(app.read("docker-compose.storage.yml")).toContain("minio");
    const lines = app.read(".env.example");
    expect(lines.startsWith(`${own[".env.example"]}\n\n`)).toBe(true);
    expect(lines.match(/STORAGE_BACKEND/g)).toHaveLength(1);
    expect(lines.match(/STORAGE_S3_REGION/g)).toHaveLength(1);
    expect(lines).toContain("\nSTORAGE_S3_BUCKET=my-bucket\n");
    expect(stdout).toContain("added to .env.example (5 variables)");
    expect(stdout).toContain("kept     storage.js");
    expect(stdout).toContain("docker compose -f compose.yaml -f docker-compose.storage.yml up -d minio");
    const after = app.files();
    await app.unbucket("init");
    expect(app.files()).toEqual(after);
  });

  it("takes a compose file that has MinIO for done", async () => {
    const compose = "services:\n  s3:\n    image: quay.io/minio/minio:latest\n";
    const app = await project({ "package.json": manifest(), "docker-compose.yml": compose });
    expect((await app.unbucket("init")).stdout).toContain("kept     docker-compose.yml (has a minio service already)");
    expect(Object.keys(app.files())).not.toContain("docker-compose.storage.yml");
    expect(app.read("docker-compose.yml")).toBe(compose);
  });

  it("prints the next steps: folder in use, MinIO in four steps, usage, and the mount where there is one", async () => {
    const app = await project({ "package.json": manifest({ dependencies: { nuxt: "4" } }) });
    const { stdout } = await app.unbucket("init");
    for (const line of [
      "npm install unbucket",
      "Files are stored in ./uploads by default",
      "1. Start MinIO: docker compose up -d minio",
      "2. Open console: http://localhost:9001",
      "3. Create a bucket in the console",
      "4. Set env vars",
      "STORAGE_BACKEND=s3",
      "STORAGE_S3_SECRET_KEY=minioadmin",
      'import { upload, download } from "~~/server/utils/storage";',
      'nitro: { storage: { uploads: { driver: "unbucket/drivers/env" } } }',
    ]) {
      expect(stdout).toContain(line);
    }
  });

  it("works on a folder named by --dir", async () => {
    const app = await project({ "below/package.json": manifest() });
    await app.unbucket("init", "--dir", "below");
    expect(Object.keys(app.files())).toEqual([
      "below/.env.example",
      "below/docker-compose.yml",
      "below/package.json",
      "below/storage.mjs",
    ]);
  });

  it.each<[string, string, "file" | "folder" | "nothing"]>([
    ["the file that it adds to", "app/.env.example", "file"],
    ["the file that it would make", "app/.env.example", "nothing"],
    ["the compose file that it would make", "app/docker-compose.yml", "nothing"],
    ["the folder of the module", "app/src", "folder"],
  ])("writes nothing where a link leads out of the project: %s", async (_, link, to) => {
    const path = link.slice("app/".length);
    const files = { "app/package.json": manifest(), "app/wrangler.toml": "", "out/env": "MINE=1\n" };
    const app = await project(files);
    symlinkSync({ file: "../out/env", folder: "../out", nothing: "../out/none" }[to], join(app.dir, link));
    for (const more of [[], ["--dry-run"]])
      await expect(app.unbucket("init", "--dir", "app", ...more)).rejects.toMatchObject({
        code: 1,
        stdout: "",
        stderr: expect.stringMatching(
          new RegExp(`^${path}(/storage\\.js)? leads out of the project, to .*/out/.*: put a file of its own there`),
        ),
      });
    expect(app.files()).toEqual(files);
  });

  it("follows a link inside the project, to it, and refuses one that leads to nothing", async () => {
    const app = await project({ "real/package.json": manifest(), "real/config/env": "MINE=1\n" });
    symlinkSync("real", join(app.dir, "app"));
    symlinkSync("config/env", join(app.dir, "real/.env.example"));
    const { stdout } = await app.unbucket("init", "--dir", "app");
    expect(stdout).toContain("added to .env.example");
    expect(app.read("real/config/env")).toMatch(/^MINE=1\n\n# Storage/);
    const other = await project({ "package.json": manifest() });
    symlinkSync("none", join(other.dir, ".env.example"));
    await expect(other.unbucket("init")).rejects.toMatchObject({
      stderr: ".env.example is a link to what is not there: put a file of its own there\n",
    });
    expect(Object.keys(other.files())).toEqual(["package.json"]);
  });

  it.each([
    ["--dryrun", '--dryrun is unknown here: see "unbucket init --help"'],
    ["--dir-name=x", '--dir-name is unknown here: see "unbucket init --help"'],
    ["-n", '-n is unknown here: see "unbucket init --help"'],
    ["below", 'below is unknown here: see "unbucket init --help"'],
    ["--dry-run=no", "--dry-run=no: is a switch; leave out its value"],
  ])("refuses %s, which it does not know, and writes nothing", async (arg, why) => {
    const files = { "package.json": manifest() };
    const app = await project(files);
    await expect(app.unbucket("init", arg)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(why),
    });
    expect(app.files()).toEqual(files);
  });

  it.each([
    ["no package.json", {} as Record<string, string>, ".", /There is no package.json in .*npm init/],
    ["a broken package.json", { "package.json": "{" }, ".", /package.json is not valid JSON: mend it first/],
    [
      "a folder that is not there",
      { "package.json": manifest() },
      "nowhere",
      /nowhere is not a folder: name the project's folder with --dir/,
    ],
  ])("ends with 1 and a sentence for %s, nothing written", async (_case, files, dir, message) => {
    const app = await project(files);
    const failure = await app.unbucket("init", "--dir", dir).then(
      () => undefined,
      (error: { code: number; stderr: string }) => error,
    );
    expect(failure).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
    expect(failure?.stderr).not.toMatch(/^\s+at /m);
    expect(app.files()).toEqual(files);
  });
});
