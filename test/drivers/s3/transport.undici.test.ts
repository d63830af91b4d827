import { Agent } from "undici";
import { expect, it } from "vitest";
import { createTransport, transportName } from "../../../drivers/s3/transport.undici.ts";
import { answer, wire } from "../../support/wire.ts";

const timeouts = { connect: 1000, headers: 1000, body: 1000 };

it("transportName says undici", () => {
  expect(transportName).toBe("undici");
});

it("createTransport sends bytes as they are, and joins headers that come twice", async () => {
  const server = await wire({ bytes: "HTTP/1.1 200 OK\r\nx-a: 1\r\nx-a: 2\r\ncontent-length: 5\r\n\r\nhello" });
  const transport = createTransport({ timeouts });
  const body = new Uint8Array([0, 255, 10]);
  const response = await transport.send({ method: "PUT", url: `${server.url}/k`, headers: {}, body });
  expect([response.status, response.header("x-a"), response.header("x-none")]).toEqual([200, "1, 2", null]);
  expect([...response.names()]).toEqual(["x-a", "content-length"]);
  expect(await response.bytes(4)).toBeNull();
  expect([...(server.requests[0]?.body ?? [])]).toEqual([0, 255, 10]);
  await transport.close();
});

it("createTransport keeps the connection after a HEAD", async () => {
  const server = await wire(answer(200, { "content-length": "7" }));
  const transport = createTransport({ timeouts });
  for (let index = 0; index < 6; index++)
    await (await transport.send({ method: "HEAD", url: `${server.url}/k`, headers: {} })).discard();
  // A second one may come when the first is not yet known to be free; a reset after each would make it six.
  expect(server.connections()).toBeLessThanOrEqual(2);
  await transport.close();
});

it("close lets go of its own connections, not of a dispatcher's", async () => {
  const server = await wire(answer(200));
  const dispatcher = new Agent();
  const own = createTransport({ timeouts });
  const other = createTransport({ timeouts, dispatcher });
  for (const transport of [own, other])
    await (await transport.send({ method: "PUT", url: server.url, headers: {} })).discard();
  expect(server.open()).toBe(2);
  await own.close();
  await other.close();
  await expect.poll(() => server.open()).toBe(1);
  await (await other.send({ method: "PUT", url: server.url, headers: {} })).discard();
  expect(server.open()).toBe(1);
  await dispatcher.close();
});

it("pieces do not take a slow reader for a stall", async () => {
  const server = await wire(answer(200, {}, new Uint8Array(8_000_000)));
  const transport = createTransport({ timeouts: { ...timeouts, body: 50 } });
  const pieces = (await transport.send({ method: "GET", url: server.url, headers: {} })).pieces();
  let length = (await pieces.next())?.byteLength ?? 0;
  // Real time, since undici's timers cannot be turned: it looks at them about once a second.
  await new Promise((resolve) => setTimeout(resolve, 2200));
  for (let piece = await pieces.next(); piece; piece = await pieces.next()) length += piece.byteLength;
  expect(length).toBe(8_000_000);
  await transport.close();
});
