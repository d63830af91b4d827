import { execFileSync } from "node:child_process";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  request as askHttp,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { build } from "esbuild";
import { Agent, ProxyAgent } from "undici";
import { afterEach, expect, it, onTestFinished, vi } from "vitest";
import { createTransport, transportName } from "../../../drivers/s3/transport.undici.ts";
import { program } from "../../runtimes/install.ts";
import { certificate, key } from "../../support/certificate.ts";
import { stubbed } from "../../support/stubbed.ts";
import { answer, happy, wire, type Wire } from "../../support/wire.ts";

const timeouts = { connect: 1000, headers: 1000, body: 1000 };

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

it("transportName says undici", () => {
  expect(transportName).toBe("undici");
});

it("createTransport leaves undici alone until a request needs an agent", () => {
  const driver = new URL("../../../dist/drivers/s3.js", import.meta.url).href;
  const script = `
    import { createRequire } from "node:module";
    const { default: s3 } = await import(${JSON.stringify(driver)});
    const { cache } = createRequire(import.meta.url);
    const loaded = () => Object.keys(cache).some((path) => path.includes("/undici/"));
    const keys = { bucket: "bucket", accessKeyId: "AKID", secretAccessKey: "secret", retry: { attempts: 1 } };
    const store = s3({ ...keys, endpoint: "http://127.0.0.1:1" });
    await store.presign("k");
    const before = loaded();
    await store.head("k").catch(() => {});
    console.log(before, loaded());`;
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(said.trim()).toBe("false true");
});

/** A program that has `ask` send one request by this transport, and print how that fails; undici is bundled in unless it is `external`. */
async function asking(script: string, external: readonly string[] = []): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("../../../drivers/s3/transport.undici.ts", import.meta.url))],
    ...{ bundle: true, platform: "node", format: "esm", write: false, logLevel: "silent" },
    external: [...external],
  });
  return `${outputFiles[0]?.text}
    const { send } = createTransport({ timeouts: {} });
    const ask = () => send({ method: "GET", url: "http://127.0.0.1:1/k", headers: {} })
      .catch(({ code, retryable, message }) => console.log(code, retryable, message));
    ${script}`;
}

it("createTransport rejects unsupported, with what to do, in a bundle that holds undici but lacks what it needs", async () => {
  const input = await asking("await ask();");
  const said = execFileSync(process.execPath, ["--input-type=module"], { encoding: "utf8", input });
  const why = 'undici cannot be loaded (Dynamic require of "node:assert" is not supported)';
  expect(said.trim()).toBe(`unsupported false ${why}: let your bundler leave it out, as an external package`);
});

it("createTransport loads undici with a later request where the process had no descriptor for it", async () => {
  const script = `
    const { openSync, closeSync } = process.getBuiltinModule("node:fs");
    const open = [];
    try { for (;;) open.push(openSync("/dev/null")); } catch {}
    await ask();
    for (const fd of open) closeSync(fd);
    await ask();`;
  const input = await asking(script, ["undici"]);
  const command = `ulimit -n 64; exec ${await program("node24")} --input-type=module`;
  const [first, second] = execFileSync("bash", ["-c", command], { encoding: "utf8", input }).split("\n");
  expect(first).toMatch(/^unavailable true undici cannot be loaded: .*too many open files/);
  expect(second).toMatch(/ECONNREFUSED/);
}, 600_000);

it("createTransport calls a timeout so by undici's code, since a dispatcher may come of another copy of it", async () => {
  const error = Object.assign(new Error("late"), { code: "UND_ERR_HEADERS_TIMEOUT" });
  const dispatcher = {
    dispatch: (_: unknown, handler: { onResponseError(controller: unknown, error: unknown): void }) =>
      handler.onResponseError(undefined, error),
  };
  const transport = createTransport({ timeouts, dispatcher });
  await expect(transport.send({ method: "GET", url: "http://h/k", headers: {} })).rejects.toMatchObject({
    code: "timeout",
  });
});

it("createTransport rejects denied, which is not tried again, where Node's permissions forbid connections", async () => {
  const error = Object.assign(new Error("restricted"), { code: "ERR_ACCESS_DENIED" });
  const dispatcher = {
    dispatch: (_: unknown, handler: { onResponseError(controller: unknown, error: unknown): void }) =>
      handler.onResponseError(undefined, error),
  };
  const sent = createTransport({ timeouts, dispatcher }).send({ method: "GET", url: "http://h/k", headers: {} });
  await expect(sent).rejects.toMatchObject({ code: "denied", retryable: false, cause: error });
  await expect(sent).rejects.toThrow("--allow-net");
});

it("createTransport sends bytes as they are, and joins headers that come twice", async () => {
  const server = await wire({ bytes: "HTTP/1.1 200 OK\r\nx-a: 1\r\nx-a: 2\r\ncontent-length: 5\r\n\r\nhello" });
  const transport = createTransport({ timeouts });
  const body = new Uint8Array([0, 255, 10]);
  const response = await transport.send({ method: "PUT", url: `${server.url}/k`, headers: {}, body });
  expect([response.status, response.header("x-a"), response.header("x-none")]).toEqual([200, "1, 2", null]);
  expect([...response.names()]).toEqual(["x-a", "content-length"]);
  await expect(response.bytes(4)).rejects.toMatchObject({ code: "corrupt" });
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
  const transport = createTransport({ timeouts: { ...timeouts, body: 400 } });
  const pieces = (await transport.send({ method: "GET", url: server.url, headers: {} })).pieces();
  let length = (await pieces.next())?.byteLength ?? 0;
  // Real time, since undici's timers cannot be turned: it looks at them about once a second.
  await new Promise((resolve) => setTimeout(resolve, 2200));
  for (let piece = await pieces.next(); piece; piece = await pieces.next()) length += piece.byteLength;
  expect(length).toBe(8_000_000);
  await transport.close();
});

/** A proxy that tunnels by CONNECT, and else asks itself; gives its address and what it was asked to reach. With `login` it wants to know who asks. */
async function tunnel(login = false): Promise<{ readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const forward = (request: IncomingMessage, response: ServerResponse): void => {
    asked.push(`${request.method} ${request.url}`);
    if (login) return void response.writeHead(407).end();
    const { method = "", headers } = request;
    const onward = askHttp(request.url ?? "", { method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  };
  const server = createHttpServer(forward).on("connect", (request, client: Duplex) => {
    asked.push(`${request.method} ${request.url}`);
    if (login) return void client.end("HTTP/1.1 407 Who asks?\r\ncontent-length: 0\r\n\r\n");
    const [host, port] = (request.url ?? "").split(":");
    const upstream = connect(Number(port), host, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** A store behind TLS whose certificate is its own. */
async function secure(): Promise<string> {
  const server = createHttpsServer({ key, cert: certificate }, (_, response) => {
    response.writeHead(200, { etag: '"e"' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it("a dispatcher leads through a proxy, to http and to https", async () => {
  const proxy = await tunnel();
  const server = await wire(happy);
  const dispatcher = new ProxyAgent({ uri: proxy.url, requestTls: { ca: certificate }, proxyTunnel: true });
  onTestFinished(() => dispatcher.close());
  await stubbed(server, { dispatcher }).upload("k", new Uint8Array(2 ** 20));
  expect(server.requests[0]?.body.byteLength).toBe(2 ** 20);
  const store = await secure();
  await stubbed(store, { dispatcher }).upload("k", "abc");
  expect(proxy.asked).toEqual([`CONNECT ${new URL(server.url).host}`, `CONNECT ${new URL(store).host}`]);
});

it("goes by the proxies of the environment where Node is told to, to http as curl does, and not to what is excepted", async () => {
  const proxy = await tunnel();
  const server = await wire(happy);
  const store = await secure();
  for (const name of ["http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY"]) vi.stubEnv(name, undefined);
  vi.stubEnv("HTTP_PROXY", proxy.url);
  const upload = (at: Wire | string): Promise<unknown> =>
    stubbed(at, { retry: { attempts: 1 } })
      .upload("k", "abc")
      .catch((error: unknown) => error);
  vi.stubEnv("NODE_USE_ENV_PROXY", undefined);
  await upload(server);
  expect(proxy.asked).toEqual([]);
  vi.stubEnv("NODE_USE_ENV_PROXY", "1");
  await upload(server);
  await upload(store);
  expect(proxy.asked).toEqual([`PUT ${server.url}/bucket/k`, `CONNECT ${new URL(store).host}`]);
  vi.stubEnv("NO_PROXY", "127.0.0.1");
  await upload(server);
  vi.stubEnv("NO_PROXY", undefined);
  vi.stubEnv("NODE_USE_ENV_PROXY", undefined);
  vi.stubEnv("NODE_OPTIONS", "--use-env-proxy");
  expect(proxy.asked).toHaveLength(2);
  await upload(server);
  expect(proxy.asked).toHaveLength(3);
  expect(server.requests.map(({ body }) => body.toString())).toEqual(["abc", "abc", "abc", "abc"]);
});

it("says that it was the proxy that refused, of a conditional write too, which it did not let through", async () => {
  const proxy = await tunnel(true);
  vi.stubEnv("NODE_USE_ENV_PROXY", "1");
  vi.stubEnv("NO_PROXY", "");
  vi.stubEnv("HTTP_PROXY", proxy.url);
  vi.stubEnv("HTTPS_PROXY", proxy.url);
  for (const at of ["http://store.example", "https://store.example"]) {
    await expect(stubbed(at).upload("k", "abc", { ifNoneMatch: "*" })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/the proxy refused: .*407/),
    });
  }
});

it.each([
  [
    "hangs up when it is asked for a tunnel",
    (socket: Socket) => socket.destroy(),
    /^s3 upload "k": the proxy refused: .*it closed the connection/,
  ],
  ["says nothing", () => {}, /the store did not answer in time/],
  [
    "opens a tunnel behind which is no TLS",
    (socket: Socket) => socket.write("HTTP/1.1 200 OK\r\n\r\n"),
    /no connection to the store in time/,
  ],
])("ends in time when a proxy %s", async (_, answer, message) => {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on("error", () => {}).once("data", () => answer(socket));
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("NODE_USE_ENV_PROXY", "1");
  vi.stubEnv("NO_PROXY", "");
  vi.stubEnv("HTTPS_PROXY", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const timeout = { connect: 100, headers: 100 };
  const store = stubbed("https://store.example", { timeout, retry: { attempts: 2, baseDelay: 1 } });
  await expect(store.upload("k", "abc")).rejects.toMatchObject({ message: expect.stringMatching(message) });
  expect(connections).toBe(2);
});

it("refuses a proxy that is no URL, without its password", async () => {
  vi.stubEnv("NODE_USE_ENV_PROXY", "1");
  vi.stubEnv("HTTP_PROXY", "http://user:pa#ss@proxy:3128");
  const store = stubbed("http://store.example");
  const error: unknown = await store.upload("k", "abc").catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "invalid-option", message: expect.stringContaining("HTTP_PROXY") });
  expect(inspect(error)).not.toContain("pa#ss");
  await store.dispose?.();
});

it("a dispatcher brings an authority that the system does not know; without it the store is not trusted", async () => {
  const store = await secure();
  await expect(stubbed(store, { retry: { attempts: 1 } }).upload("k", "abc")).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("DEPTH_ZERO_SELF_SIGNED_CERT"),
  });
  const dispatcher = new Agent({ connect: { ca: certificate } });
  onTestFinished(() => dispatcher.close());
  expect((await stubbed(store, { dispatcher }).upload("k", "abc")).etag).toBe('"e"');
});

it("close ends although a body is left unread", async () => {
  const server = await wire({ bytes: "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello" });
  const transport = createTransport({ timeouts: { ...timeouts, body: 0 } });
  (await transport.send({ method: "GET", url: server.url, headers: {} })).pieces();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const closed = transport.close();
  await vi.advanceTimersByTimeAsync(5000);
  await closed;
});
