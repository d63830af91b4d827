/** A client whose upload is refused sees why, and has its connection for what it asks next. */
import { once } from "node:events";
import { Agent, createServer, request, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "srvx/node";
import { describe, expect, it, onTestFinished } from "vitest";
import memory from "../drivers/memory.ts";
import { toDriver } from "../src/driver.ts";
import { StorageError } from "../src/error.ts";
import { guard } from "../src/guard.ts";
import type { UploadBody } from "../src/interface.ts";

const MIB = 1024 * 1024;

const store = memory();
const broken = toDriver({
  name: "broken",
  open: async () => ({
    ...(await store.getInstance()),
    put: () => Promise.reject(new StorageError("unavailable", "the store is down")),
  }),
});

type Act = (body: UploadBody) => Promise<unknown>;

/** Milliseconds for which the server keeps a connection: more than a busy machine takes for a test. */
const KEPT = 30_000;

const REFUSALS: readonly (readonly [string, Act])[] = [
  ["a store that is down", (body) => broken.upload("k", body)],
  ["a key", (body) => store.upload("..", body)],
  ["an option", (body) => store.upload("k", body, { metadata: { a: "\u0001" } })],
  ["a size", (body) => store.upload("k", body, { size: 5 })],
  ["a condition", (body) => store.upload("there", body, { ifNoneMatch: "*" })],
  ["a limit of time", (body) => store.upload("k", body, { signal: AbortSignal.timeout(1) })],
  ["a guard's limit", async (body) => store.upload("k", (await guard({ body }, { maxSize: MIB })).body)],
  ["a guard's types", (body) => guard({ body, type: "video/mp4" }, { types: ["image/*"] })],
];

const HOSTS: readonly (readonly [string, (act: Act) => RequestListener])[] = [
  [
    "Node's own request",
    (act) => (req, res) =>
      void act(req).then(
        () => res.writeHead(201).end(),
        () => res.writeHead(503).end(),
      ),
  ],
  [
    "a Request",
    (act) =>
      toNodeHandler((req) =>
        act(req).then(
          () => new Response(null, { status: 201 }),
          () => new Response(null, { status: 503 }),
        ),
      ) as RequestListener,
  ],
];

async function listening(listener: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer({ keepAliveTimeout: KEPT }, listener);
  onTestFinished(() => void server.closeAllConnections());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

/** The status of a request, which has so many bytes; rejects when the connection ends before. */
function asked(options: { port: number; agent: Agent; method: string }, size: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, host: "127.0.0.1", headers: { "content-length": size } }, (answer) => {
      // The connection is free when all has been sent, too.
      answer
        .resume()
        .once("end", () =>
          sent.writableFinished ? resolve(answer.statusCode) : sent.once("finish", () => resolve(answer.statusCode)),
        );
    });
    sent.once("error", reject).end(Buffer.alloc(size));
  });
}

describe.each(HOSTS)("%s", (_, host) => {
  it.each(REFUSALS)("refused for %s", async (_why, act) => {
    await store.upload("there", "x");
    const { server, port } = await listening(host(act));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const begun = performance.now();
    expect(await asked({ port, agent, method: "PUT" }, 32 * MIB)).toBe(503);
    expect(await asked({ port, agent, method: "PUT" }, 0)).toBeDefined();
    // A connection that is stopped is ended after the server's `keepAliveTimeout`, and a second more.
    expect(performance.now() - begun).toBeLessThan(KEPT);
    agent.destroy();
    await new Promise((closed) => server.close(closed));
  });
});

describe.each(HOSTS)("%s is given to no second upload", (_, host) => {
  it.each([
    ["after a refusal", "a refusal"],
    ["at once", "both"],
  ])("%s", { timeout: 30_000 }, async (_when, how) => {
    const outcomes: unknown[] = [];
    const told = (stored: Promise<unknown>): Promise<unknown> =>
      stored.then(
        (info) => outcomes.push((info as { size: number }).size),
        (error: unknown) => outcomes.push((error as StorageError).code),
      );
    const act: Act = async (body) => {
      const first = told(store.upload("first", body, how === "both" ? {} : { size: 5 }));
      if (how !== "both") await first;
      await Promise.all([first, told(store.upload("second", body))]);
    };
    const { port } = await listening(host(act));
    const agent = new Agent();
    onTestFinished(() => agent.destroy());
    await asked({ port, agent, method: "PUT" }, MIB);
    expect(outcomes.sort()).toEqual(how === "both" ? [MIB, "invalid-option"] : ["invalid-option", "invalid-option"]);
    expect(await store.exists("second")).toBe(false);
  });
});

it("a request of Node that goes on for ever is ended", { timeout: 30_000 }, async () => {
  const { port } = await listening(
    (req, res) => void store.upload("k", req, { size: 5 }).catch(() => res.writeHead(400).end()),
  );
  const sent = request({ port, host: "127.0.0.1", method: "PUT" });
  const ended = new Promise((resolve) => sent.once("error", resolve).once("close", resolve));
  let sending = 0;
  const piece = Buffer.alloc(MIB);
  const go = (): void => void (sent.destroyed || sent.write(piece, () => (sending++, go())));
  go();
  await ended;
  expect(sending).toBeGreaterThan(60);
  expect(sending).toBeLessThan(128);
});
