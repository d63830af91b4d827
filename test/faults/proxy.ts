/** A TCP proxy in front of an S3 server, real or stub, that does to requests and answers what rules say. */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { addressed, type Addressed, type RequestHead } from "./operation.ts";
import { altered, deliver, ended, faultOf, flipped, flooded } from "./proxy/deliver.ts";
import type { Fault } from "./proxy/fault.ts";
import { readResponse, requestBytes, requestOf, type ResponseMessage, SocketReader } from "./proxy/message.ts";

/** One request as it arrived. */
export interface Logged extends RequestHead {
  readonly operation: string;
  readonly bucket: string;
  readonly key: string;
  /** Bytes of its body. */
  readonly bytes: number;
  /** Number of the connection it came over, counted from 1. */
  readonly connection: number;
  /** Names of the faults that it met. */
  readonly faults: readonly string[];
  /** What the server answered, before any fault; absent when it was not asked or did not answer. */
  status?: number;
  /** What of a flood was written to it, and whether it takes more. */
  flood?: { bytes: number; open: boolean };
  /** When it came, in milliseconds of the machine's clock. */
  readonly at: number;
}

/** What a proxy stands between. */
export interface ProxyOptions {
  readonly upstream: { readonly host: string; readonly port: number };
  /** Decides what a request meets. */
  faultsFor(request: Addressed): readonly Fault[];
  log(entry: Logged): void;
  /** Puts text under a key behind the client's back, or removes it. */
  overtake?(request: Addressed, key: string, text: string | undefined): void;
}

/** A running proxy. */
export interface Proxy {
  readonly url: string;
  readonly port: number;
  /** Client connections that are open now. */
  open(): number;
  close(): Promise<void>;
}

/** Starts a proxy on a free port of this loopback address. */
export async function startProxy(options: ProxyOptions, host = "127.0.0.1"): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ allowHalfOpen: false, noDelay: true }, (socket) => {
    const connection = ++connections;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    void converse(socket, connection, options).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    open: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function converse(socket: Socket, connection: number, options: ProxyOptions): Promise<void> {
  const reader = new SocketReader(socket);
  for (let turn = 1; ; turn++) {
    const lines = await reader.head();
    if (!lines) return void socket.end();
    const head = requestOf(lines);
    const length = Number(head.headers["content-length"] ?? 0);
    const request = addressed(head);
    const faults = options.faultsFor(request);
    const { operation, bucket, key } = request;
    const names = faults.map((fault) => fault.do);
    const entry: Logged = { ...head, operation, bucket, key, bytes: length, connection, faults: names, at: Date.now() };
    options.log(entry);

    const drop = faultOf(faults, "drop");
    const gone = turn > 1 ? faultOf(faults, "idle-close") : undefined;
    if (drop || (gone && connection <= (gone.to ?? Infinity))) {
      if (drop?.after) await reader.bytes(Math.min(drop.after, length));
      const by = drop?.by ?? gone?.by ?? "fin";
      if (by !== "silence") return ended(socket, by);
      await reader.bytes(Infinity);
      return void socket.end();
    }
    const reply = faultOf(faults, "reply");
    if (reply?.early) {
      await deliver(socket, messageOf(reply), faults, head.method);
      if (reply.early === "reset") return ended(socket, "rst");
      // Whoever still sends may do so, else a reset would throw the answer away.
      await reader.bytes(length);
      return void socket.end();
    }
    const body = await reader.bytes(length);
    if (body.length < length) return void socket.destroy();
    const flood = faultOf(faults, "flood");
    if (flood) {
      const told: NonNullable<Logged["flood"]> = (entry.flood = { bytes: 0, open: true });
      await flooded(socket, flood, (bytes) => (told.bytes = bytes));
      return void (told.open = false);
    }
    const answer = reply ? messageOf(reply) : await forward(options, request, head, body, faults);
    if (!answer) return void socket.destroy();
    if (!reply) entry.status = answer.status;
    const lose = faultOf(faults, "lose");
    if (lose) return ended(socket, lose.by);
    if (!(await deliver(socket, altered(answer, faults), faults, head.method))) {
      // A stalled connection stays open until the client has had enough.
      await reader.head();
      return void socket.end();
    }
  }
}

function messageOf({ status, headers = {}, body = "" }: Extract<Fault, { readonly do: "reply" }>): ResponseMessage {
  const bytes = Buffer.from(body);
  const sized = { date: new Date().toUTCString(), "content-length": String(bytes.length), ...headers };
  return { status, headers: Object.entries(sized), body: bytes };
}

async function forward(
  options: ProxyOptions,
  request: Addressed,
  head: RequestHead,
  body: Buffer,
  faults: readonly Fault[],
): Promise<ResponseMessage | null> {
  let headers: Record<string, string> = { ...head.headers, connection: "close" };
  let sent = body;
  for (const fault of faults) {
    if (fault.do === "delay") await delay(fault.milliseconds);
    if (fault.do === "corrupt-request") sent = flipped(sent, fault.at);
    if (fault.do === "overtake") options.overtake?.(request, fault.key ?? request.key, fault.text);
    if (fault.do !== "request-headers") continue;
    const changes = Object.entries(fault.set);
    const gone = new Set(changes.filter(([, value]) => value === null).map(([name]) => name));
    headers = Object.fromEntries(
      Object.entries({ ...headers, ...Object.fromEntries(changes) }).filter(([name]) => !gone.has(name)),
    ) as Record<string, string>;
  }
  const bytes = requestBytes({ ...head, headers }, sent);
  if (faultOf(faults, "repeat")) await ask(options, bytes, head.method);
  const answer = await ask(options, bytes, head.method);
  const hop = /^(connection|keep-alive)$/i;
  return answer && { ...answer, headers: answer.headers.filter(([name]) => !hop.test(name)) };
}

async function ask({ upstream: at }: ProxyOptions, bytes: Buffer, method: string): Promise<ResponseMessage | null> {
  const upstream = connect(at);
  upstream.on("error", () => {});
  upstream.write(bytes);
  try {
    return await readResponse(new SocketReader(upstream), method);
  } finally {
    upstream.destroy();
  }
}
