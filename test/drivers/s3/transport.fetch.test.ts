import { afterEach, expect, it, vi } from "vitest";
import { createTransport, transportName } from "../../../drivers/s3/transport.fetch.ts";
import { answer, wire } from "../../support/wire.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

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

it.each([
  [true, "Bun", {}],
  [true, "navigator", { userAgent: "Cloudflare-Workers" }],
  [false, "navigator", { userAgent: "else" }],
])("createTransport says raw: %s with the global %s %j", async (raw, name, value) => {
  const server = await wire(answer(200));
  vi.stubGlobal(name, value);
  vi.resetModules();
  const there: { createTransport: typeof createTransport } = await import("../../../drivers/s3/transport.fetch.ts");
  const response = await there.createTransport({ timeouts }).send({ method: "GET", url: server.url, headers: {} });
  expect(response.raw).toBe(raw);
  await response.discard();
});
