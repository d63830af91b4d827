import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { endIdle, LIMITS, MAX_IDLE } from "../../../cli/serve/idle.ts";

const IDLE = 200;

/** A connection to a server that ends those which are idle. */
async function connected(
  listener: RequestListener,
  idle = IDLE,
): Promise<{ readonly socket: Socket; readonly text: () => string }> {
  const server: Server = createServer(LIMITS, listener);
  endIdle(server, idle);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  socket.on("error", () => {});
  let text = "";
  socket.on("data", (data: Buffer) => (text += data.toString("latin1")));
  await once(socket, "connect");
  return { socket, text: () => text };
}

const closed = (socket: Socket): Promise<unknown> => once(socket, "close", { signal: AbortSignal.timeout(60_000) });

describe("LIMITS", () => {
  it("lets an upload take as long as it needs, and a head a minute", () => {
    const { requestTimeout, headersTimeout } = createServer(LIMITS);
    expect([requestTimeout, headersTimeout]).toEqual([0, 60_000]);
    expect(MAX_IDLE).toBe(300_000);
  });
});

describe("endIdle", () => {
  it("ends a connection without a request", async () => {
    const { socket } = await connected(() => {});
    await closed(socket);
  });

  it("ends an upload that stands still, which its reader hears of", async () => {
    let heard: Promise<unknown> | undefined;
    const { socket } = await connected((request) => {
      heard = once(request.resume(), "error").then(([error]) => (error as NodeJS.ErrnoException).code);
    });
    socket.write("PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nhello");
    await closed(socket);
    expect(await heard).toBe("ECONNRESET");
  });

  it("ends an answer that nobody reads", async () => {
    let heard: Promise<unknown> | undefined;
    const { socket } = await connected((_request, response) => {
      heard = once(response, "close");
      response.write(Buffer.alloc(64 * 1024 * 1024));
    });
    socket.pause().write("GET / HTTP/1.1\r\nhost: h\r\n\r\n");
    await delay(IDLE);
    await heard;
  });

  it("leaves an upload that goes on slowly, and who waits for an answer that takes long", async () => {
    // A busy machine may stop all of this for longer than the others' limit.
    const idle = 2000;
    const { socket, text } = await connected((request, response) => {
      request.resume().once("end", () => void delay(idle * 1.5).then(() => response.end("stored")));
    }, idle);
    socket.write("PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 6\r\n\r\n");
    for (let sent = 0; sent < 6; sent++) {
      await delay(idle / 5);
      socket.write("x");
    }
    await expect.poll(text).toContain("stored");
  });
});
