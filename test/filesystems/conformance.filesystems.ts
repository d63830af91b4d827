import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type App, makeApp } from "../runtimes/app.ts";
import { fromJunit } from "../runtimes/report.ts";
import type { StoreConfig } from "../suite/jobs.ts";
import { linux, type Mounts } from "./linux.ts";

let app: App;
beforeAll(async () => {
  app = await makeApp();
});
afterAll(() => app.remove());

const places: readonly (readonly [name: string, mounts: Mounts, base: string])[] = [
  ["FAT", ["fat.sh"], "/run/fat/objects"],
  ["NFS 3", ["nfs.sh", "3"], "/run/one/objects"],
  ["NFS 4.2", ["nfs.sh", "4.2"], "/run/one/objects"],
];

describe("conformance of the built package on", () => {
  it.each(places)("%s", { timeout: 900_000 }, async (name, mounts, base) => {
    const store: StoreConfig = {
      name,
      driver: "fs",
      seams: { transport: "undici", digest: "node" },
      options: { base },
      capabilities: ["multipart", "uploads", "watch"],
      partSize: 64 * 1024,
      deviations: {},
    };
    const report = join(app.folder, `${name}.xml`);
    const entry = join(app.folder, "suite/entry.node.mjs");
    const options = ["--test-reporter=junit", `--test-reporter-destination=${report}`];
    // Its environment is its own.
    const program = `process.env.UNBUCKET_SUITE = ${JSON.stringify(JSON.stringify(store))}; await import(${JSON.stringify(entry)});`;
    await linux(mounts, [...options, "--input-type=module", "--eval", program], 600).catch((error: unknown) => {
      // A case that fails makes the code of all 1: what the report says is clearer.
      if (!String(error).includes("ended with 1")) throw error;
    });
    const { passed, failed } = fromJunit(readFileSync(report, "utf8"));
    console.log(`${name} × fs: ${passed} passed, ${failed.length} failed`);
    expect(failed).toEqual([]);
    expect(passed).toBeGreaterThan(500);
  });
});
