/** The guide's server in a process of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { type Block, blocksOf } from "../docs/blocks.ts";
import { programOf, scratchFolder, type Substitutions } from "../docs/snippet.ts";
import { atEnd } from "../servers/process.ts";
import { type Line, openLine } from "./line.ts";

/** The block of the guide. */
export function guide(): Block {
  const found = blocksOf("drivers/tus.md").find(({ code }) => code.startsWith("// tus.ts\n"));
  if (!found) throw new Error("drivers/tus.md has no block tus.ts");
  return found;
}

/** A server that can be killed and started again, behind one address. */
export interface Served {
  /** Where uploads are created. */
  readonly endpoint: string;
  readonly line: Line;
  /** Kills the process, as a crash would, and starts another one. */
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts it with other values in place of the guide's, and with a page of its own origin if there is a script for one. */
export async function startGuide(substitutions: Substitutions, script = ""): Promise<Served> {
  const folder = scratchFolder();
  const { code, ...block } = guide();
  const serving = `import { serve } from "srvx";
    const html = { headers: { "content-type": "text/html; charset=utf-8" } };
    const page = new Response(${JSON.stringify(`<!doctype html><title>tus</title><script type="module">${script}</script>`)}, html);
    const route = (request) => (new URL(request.url).pathname === "/" ? page.clone() : tus(request));
    const server = serve({ fetch: route, port: 0, hostname: "127.0.0.1", silent: true });
    server.ready().then(() => process.send?.(server.url));`;
  const program = await programOf({ ...block, code: `${code}\n${serving}` }, substitutions, folder);
  let child: ChildProcess;
  let url: URL;
  const stop = atEnd(() => child.kill("SIGKILL"));
  const start = async (): Promise<void> => {
    child = spawn(process.execPath, [program], { cwd: folder, stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const [told] = (await once(child, "message")) as [string];
    url = new URL(told);
  };
  await start();

  const line = await openLine(() => url);
  return {
    line,
    endpoint: `${line.url}/uploads`,
    async restart() {
      const over = once(child, "exit");
      child.kill("SIGKILL");
      await over;
      await start();
    },
    async close() {
      line.close();
      stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
