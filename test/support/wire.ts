/** A server that answers with exactly the bytes that a test scripts: for faults that no real server can be made to produce. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A request as it came over the wire. */
export interface Received {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Which connection it came on, from 1. */
  readonly connection: number;
}

/** Bytes to send, and what happens to the connection then. Default: it stays open for the next request. */
export interface Answer {
  readonly bytes: string | Uint8Array;
  readonly then?: "keep" | "fin" | "rst" | "hang";
  /** Repeated after `bytes` until the client goes away. */
  readonly endless?: string;
}

/** Answers one request; `number` counts all of them from 1. */
export type Script = (request: Received, number: number) => Answer | Promise<Answer>;

/** A running server. */
export interface Wire {
  readonly url: string;
  /** What was received, in order. */
  readonly requests: readonly Received[];
  /** `PUT /bucket/key?partNumber=1` of every request. */
  lines(): string[];
  connections(): number;
  /** Connections that are open now and over which a request came: for one that is aborted undici makes another, which it keeps while its pool has some in use. */
  open(): number;
  /** Bytes that were written to clients. */
  sent(): number;
}

/** Starts a server that is stopped when the test has finished. Several answers are given one by one, the last again and again. */
export async function wire(...script: readonly (Script | Answer)[]): Promise<Wire> {
  const requests: Received[] = [];
  const sockets = new Set<Socket>();
  const asked = new Set<Socket>();
  let connections = 0;
  let sent = 0;
  const server = createServer((socket) => {
    const connection = ++connections;
    sockets.add(socket);
    socket.on("close", () => (sockets.delete(socket), asked.delete(socket)));
    socket.on("error", () => {});
    let pending = Buffer.alloc(0);
    let chunks: Buffer[] = [];
    let length = 0;
    let turn = Promise.resolve();
    socket.on("data", (data) => {
      asked.add(socket);
      chunks.push(data);
      length += data.length;
      // Joined when a request may be whole: joining at every chunk would copy a part a hundred times.
      if (length < wanted(pending.length > 0 ? pending : data)) return;
      pending = Buffer.concat([pending, ...chunks]);
      if (pending.length < wanted(pending)) {
        chunks = [];
        length = pending.length;
        return;
      }
      for (let taken = parse(pending, connection); taken; taken = parse(pending, connection)) {
        pending = taken.rest;
        const { request } = taken;
        const number = requests.push(request);
        const step = script[Math.min(number, script.length) - 1] ?? answer(500);
        turn = turn.then(async () => send(socket, typeof step === "function" ? await step(request, number) : step));
      }
      chunks = [];
      length = pending.length;
    });
  });
  function send(socket: Socket, { bytes, then = "keep", endless }: Answer): void {
    const write = (data: string | Uint8Array): boolean => {
      sent += Buffer.byteLength(data);
      return socket.write(data);
    };
    if (bytes.length > 0) write(bytes);
    if (endless !== undefined) {
      const flow = (): void => {
        while (!socket.destroyed && write(endless));
      };
      socket.on("drain", flow);
      flow();
    }
    if (then === "fin") socket.end();
    // Later, so that what was written has left: a reset throws away what has not.
    if (then === "rst") setTimeout(() => socket.resetAndDestroy(), 20);
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    lines: () => requests.map(({ method, target }) => `${method} ${target}`),
    connections: () => connections,
    open: () => asked.size,
    sent: () => sent,
  };
}

/** Bytes that the request at the beginning of `data` has, as far as its head is there to say. */
function wanted(data: Buffer): number {
  const end = data.indexOf("\r\n\r\n");
  if (end < 0) return 0;
  const length = /^content-length: *(\d+)/im.exec(data.subarray(0, end).toString("latin1"))?.[1];
  return end + 4 + Number(length ?? 0);
}

function parse(data: Buffer, connection: number): { request: Received; rest: Buffer<ArrayBuffer> } | null {
  const end = data.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [first = "", ...lines] = data.subarray(0, end).toString("latin1").split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const length = Number(headers["content-length"] ?? 0);
  if (data.length < end + 4 + length) return null;
  const [method = "", target = ""] = first.split(" ");
  const url = new URL(target, "http://wire");
  const body = Buffer.from(data.subarray(end + 4, end + 4 + length));
  return {
    request: { method, target, path: url.pathname, query: url.searchParams, headers, body, connection },
    rest: Buffer.from(data.subarray(end + 4 + length)),
  };
}

/** An answer with a head and a body whose length it declares, unless the headers say otherwise. */
export function answer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: string | Uint8Array = "",
  then: NonNullable<Answer["then"]> = "keep",
): Answer {
  const all: Record<string, string> = { "content-length": String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} Scripted\r\n${lines.join("")}\r\n`;
  return { bytes: Buffer.concat([Buffer.from(head, "latin1"), Buffer.from(body as string)]), then };
}

/** An S3 document. */
export function xml(root: string, inner: string, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</${root}>`;
  return answer(status, { "content-type": "application/xml", ...headers }, text);
}

/** An S3 error document. */
export function failure(
  status: number,
  code: string,
  message = "",
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return xml("Error", `<Code>${code}</Code><Message>${message}</Message>`, status, headers);
}

/** What a well-behaved store answers, as far as its answer does not depend on what was stored. */
export function happy({ method, query, headers }: Received): Answer {
  if (method === "PUT" && headers["x-amz-copy-source"]) return xml("CopyObjectResult", "<ETag>&quot;c&quot;</ETag>");
  if (method === "PUT") return answer(200, { etag: `"${query.get("partNumber") ?? "e"}"` });
  if (method === "DELETE") return answer(204);
  if (method === "HEAD") {
    return answer(200, { "content-length": "3", etag: '"e"', "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT" });
  }
  if (query.has("uploads")) return xml("InitiateMultipartUploadResult", "<UploadId>u/1+x</UploadId>");
  if (query.has("uploadId")) return xml("CompleteMultipartUploadResult", "<ETag>&quot;all-2&quot;</ETag>");
  if (query.has("delete")) return xml("DeleteResult", "");
  if (query.has("list-type")) return xml("ListBucketResult", "<IsTruncated>false</IsTruncated>");
  return answer(200, { etag: '"e"', "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT" }, "abc");
}
