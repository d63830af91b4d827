import { expect, it } from "vitest";
import { createTransport, transportName } from "../../../drivers/s3/transport.fetch.ts";
import { answer, wire } from "../../support/wire.ts";

const timeouts = { connect: 1000, headers: 1000, body: 1000 };

it("transportName says fetch", () => {
  expect(transportName).toBe("fetch");
});

it("createTransport sends by the global fetch", async () => {
  const server = await wire(answer(200, { "x-a": "1" }, "hello"));
  const transport = createTransport({ timeouts });
  const response = await transport.send({ method: "GET", url: `${server.url}/k`, headers: { "x-b": "2" } });
  expect([response.status, response.header("x-a")]).toEqual([200, "1"]);
  expect(new TextDecoder().decode((await response.bytes(100)) ?? undefined)).toBe("hello");
  expect(server.requests[0]?.headers["x-b"]).toBe("2");
  await transport.close();
});

it("createTransport refuses a dispatcher, which it could only ignore", () => {
  expect(() => createTransport({ timeouts, dispatcher: {} })).toThrow(
    expect.objectContaining({ code: "invalid-option" }),
  );
});
