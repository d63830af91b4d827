import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const root = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * Two projects, told apart by file name alone: `x.live.test.ts` needs real S3 servers and gets them from
 * test/servers, every other `x.test.ts` runs without. Servers start only when a live test is among those that run, and
 * are built, where they must be, while the tests that need none run.
 *
 * Tests run from source: the package's own seams point at dist/, so they are named again here.
 */
const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: {
      "#transport": root("./drivers/s3/transport.undici.ts"),
      "#digest": root("./src/sigv4/digest.node.ts"),
      "#folder": root("./drivers/env/folder.fs.ts"),
    },
  },
  test: {
    reporters: process.env["CI"] ? ["default", ["json", { outputFile: ".cache/vitest.json" }]] : ["default"],
    // Limits end what hangs; a machine that runs all of this on two processors is no reason to fail.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // Events of the system come late on a machine that builds a server at the same time.
    expect: { poll: { timeout: 20_000 } },
    // The default leaves one processor free, which on a machine with two is half of it.
    maxWorkers: "100%",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["**/node_modules/**", "test/**/*.live.test.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "live",
          include: ["test/**/*.live.test.ts"],
          exclude: ["**/node_modules/**"],
          globalSetup: ["test/servers/setup.ts"],
          sequence: { groupOrder: 1 },
        },
      },
      // Four servers under load for a while: run by `npm run cluster` and by .ci/run, after all other tests.
      ...(process.env["UNBUCKET_CLUSTER"]
        ? [
            {
              extends: true as const,
              test: { name: "cluster", include: ["test/cluster/*.cluster.ts"], sequence: { groupOrder: 2 } },
            },
          ]
        : []),
      // Windows as Wine has it: run by `npm run windows` and by .ci/run.
      ...(process.env["UNBUCKET_WINDOWS"]
        ? [
            {
              extends: true as const,
              test: { name: "windows", include: ["test/windows/*.windows.ts"] },
            },
          ]
        : []),
      // An app and a gateway behind nginx and Apache: run by `npm run proxies` and by .ci/run.
      ...(process.env["UNBUCKET_PROXIES"]
        ? [
            {
              extends: true as const,
              test: { name: "proxies", include: ["test/proxies/*.proxies.ts"] },
            },
          ]
        : []),
      // A folder on NFS and FAT, in a Linux of its own: run by `npm run filesystems` and by .ci/run.
      ...(process.env["UNBUCKET_FILESYSTEMS"]
        ? [
            {
              extends: true as const,
              test: { name: "filesystems", include: ["test/filesystems/*.filesystems.ts"] },
            },
          ]
        : []),
      // Figures, not verdicts: run by `npm run bench`, never with the tests.
      ...(process.env["BENCH"]
        ? [
            {
              extends: true as const,
              test: {
                name: "bench",
                include: ["test/bench/*.bench.ts"],
                globalSetup: ["test/servers/setup.ts"],
                fileParallelism: false,
              },
            },
          ]
        : []),
    ],
  },
});

export default config;
