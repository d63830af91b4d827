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

  it("answers a client that sends all of a body that is refused, and its next request on the same connection", async ({
    expect,
  }) => {
    const app = await startOn(runtime, folder);
    try {
      await fetch(`${app.url}/files/taken`, { method: "PUT", body: "1" });
      const body = new Uint8Array(20 * 1024 * 1024);
      const refused: readonly (readonly [string, Record<string, string>, number])[] = [
        ["PUT /files/taken", { "if-none-match": "*" }, 412],
        ["POST /nowhere", {}, 404],
        ["POST /documents", { "content-type": "text/plain" }, 415],
        ["PUT /s3/uploads/x", {}, 403],
      ];
      for (const [line, headers, status] of refused) {
        const socket = await sendHead(app.url, line, { ...headers, "content-length": `${body.byteLength}` });
        let text = "";
        socket.on("data", (piece) => (text += String(piece))).on("error", () => {});
        await new Promise((sent) => socket.write(body, sent));
        await expect.poll(() => text, { message: line }).toMatch(`HTTP/1.1 ${status}`);
        text = "";
        socket.write(`GET /files HTTP/1.1\r\nhost: ${new URL(app.url).host}\r\n\r\n`);
        await expect.poll(() => text, { message: line }).toMatch("HTTP/1.1 200");
        socket.destroy();
      }
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
