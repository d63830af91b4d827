/** The playground: one list of checks on every runtime and store, and what only a process of its own can show. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { App } from "./playground/check.ts";
import { files } from "./playground/checks/files.ts";
import { keys } from "./playground/checks/keys.ts";
import { routes } from "./playground/checks/routes.ts";
import { hosts, runtimes, startOn } from "./playground/hosts.ts";
import { folder } from "./playground/start.ts";
import { readAll, sendHead } from "./playground/wire.ts";

const checks = [...routes, ...files, ...keys];

describe.each(hosts)("the playground on $name", (host) => {
  let app: App;
  beforeAll(async () => {
    app = await host.open();
  });
  afterAll(() => app?.close());

  it.each(checks)("$name", ({ run }) => run(app, host));
});

describe.concurrent.each(runtimes)("a playground that is stopped on $name", (runtime) => {
  it("tells what to do next, and no secret; SIGTERM does not wait for a connection that carries no request", async ({
    expect,
  }) => {
    const app = await startOn(runtime, folder);
    try {
      expect(app.output()).toContain("docker compose up -d minio");
      expect(app.output()).not.toMatch(/secret_key=(?!minioadmin$)\S/im);
      const { hostname, port } = new URL(app.url);
      const silent = connect(Number(port), hostname);
      silent.on("error", () => {});
      await once(silent, "connect");
      await fetch(`${app.url}/files`);
      const exit = once(app.process, "exit");
      app.process.kill("SIGTERM");
      expect(await exit).toEqual([0, null]);
      silent.destroy();
    } finally {
      await app.close();
    }
  });

  it("takes more than 128 MiB; SIGTERM takes no new request but lets an upload finish that is quiet for more than ten seconds", async ({
    expect,
  }) => {
    const app = await startOn(runtime, folder);
    try {
      const size = 129 * 1024 * 1024;
      const large = await fetch(`${app.url}/files/large.bin`, { method: "PUT", body: new Uint8Array(size) });
      expect([large.status, await large.json()]).toEqual([201, expect.objectContaining({ size })]);

      const socket = await sendHead(app.url, "PUT /files/slow.txt", { "content-length": "10", connection: "close" });
      socket.write("hello");
      const answer = readAll(socket);
      // The server has the request when it answers another one that came later.
      await fetch(`${app.url}/files`);
      const exit = once(app.process, "exit");
      app.process.kill("SIGTERM");
      await expect.poll(app.output).toContain("finishing running requests");
      const late = await fetch(`${app.url}/files?key=late.txt`, { method: "PUT", body: "x" }).then(
        async (response) => [response.status, await response.text()],
        // Where the server takes no connections any more.
        () => [503, "stopping"],
      );
      expect(late).toEqual([503, expect.stringContaining("stopping")]);
      await new Promise((resolve) => setTimeout(resolve, 11_000));
      socket.write("world");
      expect(await answer).toMatch(/^HTTP\/1\.1 201 /);
      expect(await exit).toEqual([0, null]);
      expect(await app.stored()).toEqual(["large.bin", "slow.txt"]);
    } finally {
      await app.close();
    }
  });
});
