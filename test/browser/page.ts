/** Pages for a browser: an origin of their own on the loopback, which counts as secure. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A running origin. */
export interface Origin {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Serves one page with a script, whatever is asked for. */
export async function servePage(script: string, body = ""): Promise<Origin> {
  const page = `<!doctype html><meta charset="utf-8"><title>test</title>${body}<script src="/script.js"></script>`;
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
