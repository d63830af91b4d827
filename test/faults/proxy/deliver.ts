/** Writes an answer to a socket, with what goes wrong on its way. */
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { Fault, HeaderChanges } from "./fault.ts";
import type { HeaderLines, ResponseMessage } from "./message.ts";

type Named<Name extends Fault["do"]> = Extract<Fault, { readonly do: Name }>;

/** The first fault of a name. */
export function faultOf<Name extends Fault["do"]>(faults: readonly Fault[], name: Name): Named<Name> | undefined {
  return faults.find((fault): fault is Named<Name> => fault.do === name);
}

/** Changed headers, in place where they were there. */
export function changed(headers: HeaderLines, set: HeaderChanges): HeaderLines {
  const names = Object.keys(set).map((name) => name.toLowerCase());
  const kept = headers.filter(([name]) => !names.includes(name.toLowerCase()));
  return [...kept, ...Object.entries(set).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]))];
}

/** An answer with the faults that change what it says. */
export function altered(message: ResponseMessage, faults: readonly Fault[]): ResponseMessage {
  let { status, headers, body } = message;
  const sized = (next: Buffer): void => {
    body = next;
    headers = changed(headers, { "content-length": String(next.length) });
  };
  for (const fault of faults) {
    if (fault.do === "status") status = fault.status;
    if (fault.do === "headers") headers = changed(headers, fault.set);
    if (fault.do === "line") headers = [...headers, [fault.name, fault.value]];
    if (fault.do === "body") sized(Buffer.from(fault.body));
    if (fault.do === "date")
      headers = changed(headers, { date: new Date(Date.now() + fault.milliseconds).toUTCString() });
    if (fault.do === "gzip") {
      sized(gzipSync(body));
      headers = changed(headers, { "content-encoding": "gzip" });
    }
    if (fault.do === "corrupt") body = flipped(body, fault.at);
    if (fault.do === "overlong") body = Buffer.concat([body, Buffer.alloc(fault.bytes, "!")]);
  }
  return { status, headers, body };
}

/** The same bytes but one. */
export function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ 1;
  return copy;
}

/** Sends an answer. Gives whether the connection can take another request. */
export async function deliver(
  socket: Socket,
  { status, headers, body }: ResponseMessage,
  faults: readonly Fault[],
  method: string,
): Promise<boolean> {
  const old = faultOf(faults, "http-1.0") !== undefined;
  const endless = faultOf(faults, "endless") !== undefined;
  const whitespace = faultOf(faults, "whitespace");
  const closes = old || endless || faultOf(faults, "close-delimited") !== undefined;
  const stall = faultOf(faults, "stall");
  if (stall && stall.at < 0) return false;
  let lines = changed(headers, { connection: closes ? "close" : "keep-alive" });
  if (closes && !old) lines = changed(lines, { "content-length": null });
  const silent = method === "HEAD" || status === 204 || status === 304;
  const chunks = silent ? undefined : faultOf(faults, "chunks");
  if (whitespace || chunks) lines = changed(lines, { "content-length": null, "transfer-encoding": "chunked" });
  const interim = faultOf(faults, "interim");
  if (interim) socket.write(`HTTP/1.1 ${interim.status} Interim\r\n\r\n`.repeat(interim.count ?? 1));
  const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = Buffer.from(`HTTP/1.${old ? 0 : 1} ${status} Faulty\r\n${text}\r\n`, "latin1");
  if (faultOf(faults, "trickle")) {
    await send(socket, silent ? head : Buffer.concat([head, body]), { do: "drip", size: 1, milliseconds: 0 });
    return true;
  }
  socket.write(head);
  if (chunks) {
    socket.write(chunked(body, chunks.trailers));
    return true;
  }
  if (endless) return flood(socket);
  if (whitespace) {
    for (let count = 0; count < whitespace.count; count++) {
      socket.write("1\r\n \r\n");
      await delay(whitespace.milliseconds);
    }
    if (body.length > 0)
      socket.write(Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from("\r\n")]));
    socket.write("0\r\n\r\n");
    return true;
  }
  const cut = faultOf(faults, "truncate");
  const end = Math.min(stall?.at ?? Infinity, cut?.at ?? Infinity);
  await send(socket, silent ? Buffer.alloc(0) : body.subarray(0, end), faultOf(faults, "drip"));
  if (cut) await ended(socket, cut.by);
  else if (closes) socket.end();
  return !cut && !stall && !closes;
}

/** Ends a connection; a reset waits until what was written has left, since it throws away what has not. */
export async function ended(socket: Socket, by: "fin" | "rst"): Promise<void> {
  if (by === "fin") return void socket.end();
  await delay(15);
  socket.resetAndDestroy();
}

async function send(socket: Socket, body: Buffer, drip: Named<"drip"> | undefined): Promise<void> {
  const size = drip?.size ?? body.length;
  for (let at = 0; at < body.length; at += size) {
    if (socket.destroyed) return;
    await new Promise<void>((resolve) => socket.write(body.subarray(at, at + size), () => resolve()));
    if (drip?.milliseconds) await delay(drip.milliseconds);
  }
}

function chunked(body: Buffer, trailers: Readonly<Record<string, string>>): Buffer {
  const pieces: (Buffer | string)[] = [];
  for (let at = 0; at < body.length; at += 7) {
    const piece = body.subarray(at, at + 7);
    pieces.push(`${piece.length.toString(16)};a=b\r\n`, piece, "\r\n");
  }
  const lines = Object.entries(trailers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([...pieces, "0\r\n", ...lines, "\r\n"].map((piece) => Buffer.from(piece)));
}

async function flood(socket: Socket): Promise<boolean> {
  await flooded(socket, { begin: "", piece: "<x>" });
  return false;
}

/** Sends bytes, and then a piece again and again until the client goes away; tells how many it took. */
export async function flooded(
  socket: Socket,
  { begin, piece, every }: Omit<Named<"flood">, "do">,
  took: (bytes: number) => void = () => {},
): Promise<void> {
  const block = Buffer.from(every ? piece : piece.repeat(Math.ceil((64 * 1024) / piece.length)), "latin1");
  socket.write(begin);
  for (let bytes = begin.length; !socket.destroyed; took((bytes += block.length))) {
    if (every) await delay(every);
    await new Promise<void>((resolve) => socket.write(block, () => resolve()));
  }
}
