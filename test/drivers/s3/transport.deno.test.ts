import { afterEach, expect, it, vi } from "vitest";
import { createTransport, transportName } from "../../../drivers/s3/transport.deno.ts";
import { answer, wire } from "../../support/wire.ts";

afterEach(() => vi.unstubAllGlobals());

const timeouts = { connect: 1000, headers: 1000, body: 1000 };

it("transportName says fetch", () => {
  expect(transportName).toBe("fetch");
});

it("createTransport sends by the global fetch, makes no client for it, and says that it is raw", async () => {
  const server = await wire(answer(200, {}, "hello"));
  const made = vi.fn();
  vi.stubGlobal("Deno", { createHttpClient: made });
  const transport = createTransport({ timeouts });
  const response = await transport.send({ method: "GET", url: `${server.url}/k`, headers: {} });
  expect(response.raw).toBe(true);
  expect(new TextDecoder().decode((await response.bytes(100)) ?? undefined)).toBe("hello");
  await transport.close();
  expect(made).not.toHaveBeenCalled();
});

it("createTransport rejects denied, which is not tried again, where Deno's permissions forbid connections", async () => {
  const error = Object.assign(new Error('Requires net access to "h:80"'), { name: "NotCapable" });
  vi.stubGlobal("Deno", { createHttpClient: () => ({ close: () => {} }) });
  vi.stubGlobal("fetch", () => Promise.reject(error));
  const transport = createTransport({ timeouts });
  for (const once of [false, true]) {
    const sent = transport.send({ method: "PUT", url: "http://h/k", headers: {}, once });
    await expect(sent).rejects.toMatchObject({
      code: "denied",
      retryable: false,
      message: error.message,
      cause: error,
    });
  }
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("refused")));
  await expect(transport.send({ method: "GET", url: "http://h/k", headers: {} })).rejects.toMatchObject({
    code: "unavailable",
  });
});

it("createTransport refuses a dispatcher, which it could only ignore", () => {
  expect(() => createTransport({ timeouts, dispatcher: {} })).toThrow(
    expect.objectContaining({ code: "invalid-option" }),
  );
});

it("createTransport sends what must not be sent again over a connection of its own", async () => {
  const closed = vi.fn();
  const made = vi.fn(() => ({ close: closed }));
  const sent: (RequestInit & { client?: unknown })[] = [];
  vi.stubGlobal("Deno", { createHttpClient: made });
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => (sent.push(init), new Response(null)));
  const transport = createTransport({ timeouts });
  for (const once of [false, true, true]) await transport.send({ method: "PUT", url: "http://h/k", headers: {}, once });
  expect(sent.map(({ keepalive, client }) => [keepalive, client])).toEqual([
    [undefined, undefined],
    [false, made.mock.results[0]?.value],
    [false, made.mock.results[0]?.value],
  ]);
  expect(made.mock.calls).toEqual([[{ poolMaxIdlePerHost: 0 }]]);
  await transport.close();
  expect(closed).toHaveBeenCalledOnce();
});
