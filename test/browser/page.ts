/** Pages for a browser: an origin of their own on the loopback, which counts as secure. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build, type BuildOptions } from "esbuild";

/** A running origin. */
export interface Origin {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Serves one page with what a bundler makes of a module for browsers, whatever is asked for. */
export async function servePage(input: Pick<BuildOptions, "entryPoints" | "stdin">): Promise<Origin> {
  const { outputFiles } = await build({
    ...input,
    bundle: true,
    format: "iife",
    platform: "browser",
    conditions: ["browser"],
    write: false,
  });
  const script = outputFiles[0]?.text ?? "";
  const page = `<!doctype html><meta charset="utf-8"><title>test</title><script src="/script.js"></script>`;
  const server = createServer(({ url }, response) => {
    const asked = url === "/script.js";
    response.writeHead(200, { "content-type": asked ? "text/javascript; charset=utf-8" : "text/html; charset=utf-8" });
    response.end(asked ? script : page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
