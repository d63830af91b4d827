import { defineConfig, type ViteUserConfig } from "vitest/config";

const root = (path: string): string => new URL(path, import.meta.url).pathname;

/** Tests run from source: the package's own seams point at dist/, so they are named again here. */
const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: {
      "#transport": root("./drivers/s3/transport.undici.ts"),
      "#digest": root("./src/sigv4/digest.node.ts"),
      "#folder": root("./drivers/env/folder.fs.ts"),
    },
  },
  test: { include: ["test/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 120_000 },
});

export default config;
