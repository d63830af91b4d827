import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { budgets } from "./bundles/budgets.ts";
import { type Bundle, bundlers } from "./bundles/bundlers.ts";
import { doors, makeProject, type Project } from "./bundles/project.ts";
import { type Target, targets } from "./bundles/targets.ts";
import { startStub, type Stub } from "./faults/stub.ts";
import { program } from "./runtimes/install.ts";
import { installing } from "./runtimes/installing.ts";

const keys = { accessKeyId: "id", secretAccessKey: "secret" };

/** Stores and reads an object by the transport of where it runs: on Workers when it is asked, elsewhere at once. */
const trip = `
import s3 from "unbucket/drivers/s3";
async function trip(options) {
  const store = s3(options);
  await store.upload("a.txt", "across");
  return (await store.download("a.txt")).text();
}
`;
const onceAsked = `
export default { fetch: async (request, env) => new Response(await trip(JSON.parse(env.TRIP))) };
`;
const atOnce = `
console.log(await trip(JSON.parse(process.env.TRIP)));
`;

/** Loads every subpath and makes every driver, which must do nothing that can be seen. */
const loads = `
${doors.map((name, index) => `import * as door${index} from "${name}";`).join("\n")}
const doors = [${doors.map((_, index) => `door${index}`).join()}];
const options = { bucket: "b", base: "./nowhere", binding: "BUCKET" };
const drivers = doors.flatMap((door) => (typeof door.default === "function" ? [door.default(options)] : []));
`;
const told = `
export default { fetch: () => new Response(String(drivers.length)) };
`;

const of = (name: Target["name"]): Target => targets.find((target) => target.name === name) as Target;

installing();
installing(fileURLToPath(new URL("bundles/", import.meta.url)));

let project: Project;
let stub: Stub;
let options: string;
beforeAll(async () => {
  project = await makeProject();
  stub = await startStub(keys);
  stub.world("bucket");
  options = JSON.stringify({ bucket: "bucket", region: "us-east-1", endpoint: stub.url, ...keys });
});
afterAll(async () => {
  project?.remove();
  await stub?.close();
});

describe.each(bundlers)("$name", (bundler) => {
  describe.each(targets)("for $name", (target) => {
    it.each(["unbucket/drivers/s3", "unbucket/drivers/env"])("%s has the seams of that place", async (door) => {
      const { modules, external } = await bundler.bundle(project.door(door), target);
      // A side that others stand around lies among the shared modules, and may be led to from its own.
      const seam = (name: string): string[] => {
        const side = new RegExp(`unbucket/dist/.*/${name}\\.(\\w+)\\.js$`);
        return [...new Set(modules.flatMap((path) => side.exec(path)?.[1] ?? []))].sort();
      };
      expect(seam("transport")).toEqual(target.seams.transport);
      expect(seam("digest")).toEqual([target.seams.digest]);
      const folder = modules.some((path) => path === "unbucket/dist/chunks/fs.js");
      expect(folder).toBe(door.endsWith("env") && target.seams.folder === "fs");
      expect(modules.some((path) => path.startsWith("undici/"))).toBe(target.name === "node");
      if (target.platform === "browser") expect(external).toEqual([]);
    });

    if (target.platform === "browser") {
      it.each(doors.filter((name) => name !== "unbucket/drivers/fs"))("%s asks for nothing of Node", async (door) => {
        const { external, code } = await bundler.bundle(project.door(door), target);
        expect(external).toEqual([]);
        expect(code).not.toMatch(/["']node:/);
      });
    }
    if (target.name !== "browser") {
      it("stores and reads an object where it runs", async () => {
        const text = trip + (target.name === "workers" ? onceAsked : atOnce);
        const bundle = await bundler.bundle(project.entry("trip.mjs", text), target, true);
        expect(await run(bundle, target, { TRIP: options })).toBe("across");
      });
    }
  });
});

describe("what is loaded does nothing", () => {
  const [esbuild] = bundlers as [(typeof bundlers)[number]];

  it("where nothing is allowed: Deno without a permission", async () => {
    const bundle = await esbuild.bundle(project.entry("loads.mjs", `${loads}console.log(drivers.length);`), of("deno"));
    expect(await run(bundle, of("deno"), {}, [])).toBe("5");
  });

  it("where I/O, timers and chance are refused before the first request: workerd", async () => {
    const bundle = await esbuild.bundle(project.entry("loads.mjs", loads + told), of("workers"));
    expect(await run(bundle, of("workers"), {})).toBe("5");
  });
});

describe("bytes gzipped for Workers, a folder's for Node", () => {
  it.each(doors)("%s keeps to its budget", async (door) => {
    const target = of(door.endsWith("/fs") ? "node" : "workers");
    const entry = project.door(door);
    const sizes = await Promise.all(
      bundlers.slice(0, 2).map(async (bundler) => {
        const { code } = await bundler.bundle(entry, target, true);
        return gzipSync(code, { level: 9 }).length;
      }),
    );
    console.log(`${door}: ${sizes.join(" by esbuild, ")} by rolldown`);
    const budget = budgets[door] ?? 0;
    expect(Math.max(...sizes)).toBeLessThanOrEqual(budget);
    // A budget that nothing comes near holds nothing.
    expect(Math.max(...sizes)).toBeGreaterThan(budget * 0.96);
  });
});

/** What a bundle says where it is meant to run. */
async function run(
  { code }: Bundle,
  { name }: Target,
  variables: Readonly<Record<string, string>>,
  allowed: readonly string[] = ["--allow-all"],
): Promise<string> {
  if (name === "workers") {
    const worker = new Miniflare({
      ...{ script: code, modules: true, bindings: { ...variables }, compatibilityDate: "2026-04-01" },
      ...{ compatibilityFlags: ["nodejs_compat"] },
    });
    try {
      return await (await worker.dispatchFetch("http://app/")).text();
    } finally {
      await worker.dispose();
    }
  }
  const file = project.entry(`run-${name}.mjs`, code);
  const commands = {
    node: [process.execPath, file],
    bun: [await program("bun"), file],
    deno: [await program("deno"), "run", "--no-prompt", ...allowed, file],
    browser: [],
  };
  const [command = "", ...args] = commands[name];
  const env = { PATH: process.env["PATH"], HOME: dirname(file), NO_COLOR: "1", ...variables };
  const { stdout } = await promisify(execFile)(command, args, { env });
  return stdout.trim();
}
