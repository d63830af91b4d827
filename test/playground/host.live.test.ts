import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { impatient } from "../support/impatient.ts";
import { folder, type Playground, start } from "./start.ts";
import { readAll, sendHead } from "./wire.ts";

describe("the names that a playground on a loopback address is served by", () => {
  let app: Playground;
  beforeAll(async () => {
    app = await start(folder);
  });
  afterAll(() => app.close());

  it("a name that was made to lead here is refused, whatever it asks for and however much it is one site", async () => {
    const { port } = new URL(app.url);
    const host = `rebound.example:${port}`;
    const own = { host, connection: "close", origin: `http://${host}`, "sec-fetch-site": "same-origin" };
    for (const line of [
      "PUT /files/a",
      "DELETE /files/a",
      "GET /files",
      "HEAD /files/a",
      "GET /kv",
      "GET /documents",
    ]) {
      const answer = await readAll(await sendHead(app.url, line, own));
      expect(answer).toMatch(/^HTTP\/1\.1 421 /);
      if (!line.startsWith("HEAD")) expect(answer).toContain('"code":"unknown-host"');
    }
    for (const name of [`localhost:${port}`, "LOCALHOST", "127.0.0.1", `[::1]:${port}`]) {
      const answer = await readAll(await sendHead(app.url, "GET /files", { host: name, connection: "close" }));
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    }
    expect(await app.stored()).toEqual([]);
  });

  it("ALLOWED_HOSTS adds names", async () => {
    const own = await start(folder, { ALLOWED_HOSTS: "files.example, other.example" });
    try {
      for (const [host, status] of [
        ["files.example", 200],
        ["other.example:8080", 200],
        ["third.example", 421],
        ["evil.files.example", 421],
      ] as const) {
        const answer = await readAll(await sendHead(own.url, "GET /files", { host, connection: "close" }));
        expect(answer.slice(0, 13)).toBe(`HTTP/1.1 ${status} `);
      }
    } finally {
      await own.close();
    }
  });
});

it("a connection to the playground that sends half of a head, and no more, is ended", async () => {
  const app = await start(folder, { NODE_OPTIONS: impatient });
  const socket = connect(Number(new URL(app.url).port), "127.0.0.1");
  try {
    socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n");
    socket.resume();
    await once(socket, "close");
  } finally {
    socket.destroy();
    await app.close();
  }
});
