import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type App, makeApp } from "../runtimes/app.ts";
import { fromJunit } from "../runtimes/report.ts";
import type { StoreConfig } from "../suite/jobs.ts";
import { type Windows, windows } from "./wine.ts";

let app: App;
let system: Windows;
beforeAll(async () => {
  [app, system] = await Promise.all([makeApp(), windows()]);
});
afterAll(async () => {
  await (system as Windows | undefined)?.remove();
  app.remove();
});

const local = {
  seams: { transport: "undici", digest: "node" },
  capabilities: ["multipart", "uploads"],
  options: {},
} as const;

/** Of a file whose path has more than 260 characters, Wine 8 does not tell where it is. Windows does, of up to 32,767. */
const long: readonly string[] = [
  "a segment of 255 bytes",
  "a segment of 256 bytes",
  "a segment of 300 two-byte characters",
  "1024 bytes in segments",
  "1024 bytes in one segment",
  "1024 bytes of three-byte characters",
].map((name) => `key: ${name}: `);

const stores: readonly StoreConfig[] = [
  { ...local, name: "memory", driver: "memory", partSize: 64 * 1024, deviations: {} },
  {
    ...local,
    name: "fs",
    driver: "fs",
    options: { base: "C:\\objects" },
    partSize: 64 * 1024,
    deviations: {
      "watch: a driver that cannot be watched has none, or refuses":
        "it has a watch, which Wine refuses of those paths",
    },
  },
];

describe("conformance of the built package on Windows", () => {
  it.each(stores)("with $name", { timeout: 900_000 }, async (store) => {
    const report = join(app.folder, `windows.${store.name}.xml`);
    const { code, out } = await system.node(
      ["--test-reporter=junit", `--test-reporter-destination=${report}`, "suite/entry.node.mjs"],
      { cwd: app.folder, env: { UNBUCKET_SUITE: JSON.stringify(store) } },
    );
    expect(out).toBe("");
    const { passed, failed } = fromJunit(readFileSync(report, "utf8"));
    console.log(`windows × ${store.name}: ${passed} passed, ${failed.length} failed`);
    const tooLong = failed.filter((failure) => long.some((name) => failure.startsWith(name)));
    expect([failed.filter((failure) => !tooLong.includes(failure)), code]).toEqual([[], tooLong.length > 0 ? 1 : 0]);
    expect(passed).toBeGreaterThan(500);
  });
});
