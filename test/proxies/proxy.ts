/** Reverse proxies with the configurations of drivers/hosts.md, each as a process of its own on a free port. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blocksOf } from "../docs/blocks.ts";
import { onFreePorts } from "../servers/port.ts";
import { startProcess } from "../servers/process.ts";

/** A proxy that the document configures, by the name that its block is marked with. */
export type Proxy = "nginx" | "apache";

/** What stands around the block of the document. */
interface Frame {
  readonly command: string;
  /** As one process, which is gone with all that it does when it is killed. */
  readonly args: (file: string) => readonly string[];
  readonly wrap: (block: string, folder: string) => string;
}

const MODULES = "/usr/lib/apache2/modules";
/** Some programs of the system lie where only root looks. */
const PATH = `${process.env["PATH"]}:/usr/sbin:/sbin`;

const frames: Readonly<Record<Proxy, Frame>> = {
  nginx: {
    command: "nginx",
    args: (file) => ["-c", file, "-g", "daemon off; master_process off;"],
    wrap: (block, folder) => {
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
      const paths = temporary.map((name) => `${name}_temp_path ${join(folder, name)};`);
      const compresses = "gzip on; gzip_proxied any; gzip_types text/plain;";
      return `pid ${join(folder, "pid")}; error_log stderr;
events {}
http { access_log off; ${paths.join(" ")} ${compresses}
${block}
}`;
    },
  },
  apache: {
    command: "apache2",
    args: (file) => ["-X", "-f", file],
    wrap: (block, folder) => {
      const modules = ["mpm_event", "authz_core", "proxy", "proxy_http", "filter", "deflate"];
      const loads = modules.map((name) => `LoadModule ${name}_module ${join(MODULES, `mod_${name}.so`)}`);
      // With fewer threads than connections it closes those that are idle, at the very moment that a client sends over one.
      const threads =
        "ServerLimit 1\nThreadLimit 256\nThreadsPerChild 256\nMaxRequestWorkers 256\nMaxKeepAliveRequests 0\nKeepAliveTimeout 300";
      const [, port = ""] = /<VirtualHost \*:(\d+)>/.exec(block) ?? [];
      return `ServerRoot ${folder}
PidFile ${join(folder, "pid")}
ErrorLog /dev/stderr
ServerName localhost
Listen 127.0.0.1:${port}
${loads.join("\n")}
${threads}
AddOutputFilterByType DEFLATE text/plain
${block}
`;
    },
  },
};

/** Starts one before `origin`; answers of type `text/plain` are compressed. */
export async function startProxy(
  name: Proxy,
  origin: string,
): Promise<{ readonly url: string; readonly stop: () => void }> {
  const [block, ...more] = blocksOf("drivers/hosts.md").filter(({ info }) => info === name);
  if (!block || more.length > 0) throw new Error(`drivers/hosts.md must have one block marked ${name}`);
  const { command, args, wrap } = frames[name];
  return onFreePorts(1, async ([port = 0]) => {
    const url = `http://127.0.0.1:${port}`;
    const own = block.code
      .replaceAll("http://127.0.0.1:3000", origin)
      .replace(/listen 80;|\*:80/, (all) => (all.startsWith("listen") ? `listen 127.0.0.1:${port};` : `*:${port}`));
    const { stop } = await startProcess({
      name,
      command,
      args: (folder) => args(join(folder, "conf")),
      env: { PATH },
      prepare: async (folder) => {
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, "conf"), wrap(own, folder));
      },
      ready: async () => (await fetch(`${url}/ready`)).ok,
    });
    return { url, stop };
  });
}
