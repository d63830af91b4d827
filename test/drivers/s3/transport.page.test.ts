import { afterEach, describe, expect, it, vi } from "vitest";
import { createTransport, transportName } from "../../../drivers/s3/transport.page.ts";
import { answer, wire } from "../../support/wire.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

const timeouts = { connect: 1000, headers: 1000, body: 1000 };

it("transportName says fetch", () => {
  expect(transportName).toBe("fetch");
});

it("createTransport sends by the global fetch where there is no page", async () => {
  const asked = vi.fn(
    async (_: string, init: RequestInit) => (expect(init).not.toHaveProperty("credentials"), new Response()),
  );
  vi.stubGlobal("fetch", asked);
  await createTransport({ timeouts }).send({ method: "GET", url: "http://h/k", headers: {} });
  expect(asked).toHaveBeenCalledOnce();
});

it("createTransport in a page says that it is not raw", async () => {
  const server = await wire(answer(200));
  vi.stubGlobal("navigator", { userAgent: "Mozilla/5.0" });
  vi.resetModules();
  const there: { createTransport: typeof createTransport } = await import("../../../drivers/s3/transport.page.ts");
  const response = await there.createTransport({ timeouts }).send({ method: "GET", url: server.url, headers: {} });
  expect(response.raw).toBe(false);
  await response.discard();
});

describe("createTransport in a page", () => {
  const ask = { method: "GET", url: "https://store.test/k", headers: {} };

  /** With a browser's name, and a fetch that answers like this. */
  async function inPage(answer: () => Promise<Response>): Promise<[ReturnType<typeof createTransport>, RequestInit[]]> {
    const asked: RequestInit[] = [];
    vi.stubGlobal("navigator", { userAgent: "Mozilla/5.0" });
    vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
      asked.push(init);
      return answer();
    });
    vi.resetModules();
    const there: { createTransport: typeof createTransport } = await import("../../../drivers/s3/transport.page.ts");
    return [there.createTransport({ timeouts }), asked];
  }
  const typed = (type: ResponseType, headers: Record<string, string> = {}): Response =>
    Object.defineProperty(new Response(null, { headers }), "type", { value: type });

  it("sends no cookies", async () => {
    const [transport, asked] = await inPage(async () => new Response());
    await transport.send(ask);
    expect(asked.map(({ credentials }) => credentials)).toEqual(["omit"]);
  });

  it("says whether headers are hidden: where one is seen that nobody names, all are exposed", async () => {
    const seen: (boolean | undefined)[] = [];
    for (const answer of [typed("cors"), typed("cors", { "access-control-allow-origin": "*" }), typed("basic")])
      seen.push((await (await inPage(async () => answer))[0].send(ask)).filtered);
    expect(seen).toEqual([true, false, false]);
  });

  it("says of what it cannot see what it may be", async () => {
    const [refused] = await inPage(() => Promise.reject(new TypeError("Failed to fetch")));
    await expect(refused.send(ask)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/CORS rule/),
    });
    const [redirected] = await inPage(async () => typed("opaqueredirect"));
    await expect(redirected.send(ask)).rejects.toMatchObject({ code: "invalid-option" });
  });
});
