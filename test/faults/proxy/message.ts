/** HTTP/1.1 messages as bytes: read from a socket, taken apart, put together. Nothing is repaired on the way. */
import type { Socket } from "node:net";
import { split, type RequestHead } from "../operation.ts";

/** Header lines in their order. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** An answer as it came from the server. */
export interface ResponseMessage {
  readonly status: number;
  readonly headers: HeaderLines;
  readonly body: Buffer;
}

/** Reads messages from a socket; everything gives null or less when the socket has ended. */
export class SocketReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #pending: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** The lines of a head. */
  async head(): Promise<string[] | null> {
    for (;;) {
      const end = this.#pending.indexOf("\r\n\r\n");
      if (end >= 0) {
        const lines = this.#pending.subarray(0, end).toString("latin1").split("\r\n");
        this.#pending = this.#pending.subarray(end + 4);
        return lines;
      }
      const more = await this.#more();
      if (!more) return null;
      this.#pending = Buffer.concat([this.#pending, more]);
    }
  }

  /** So many bytes, or what there is. */
  async bytes(count: number): Promise<Buffer> {
    const chunks = [this.#pending];
    let length = this.#pending.length;
    while (length < count) {
      const more = await this.#more();
      if (!more) break;
      chunks.push(more);
      length += more.length;
    }
    const all = Buffer.concat(chunks, length);
    this.#pending = all.subarray(count);
    return all.subarray(0, count);
  }

  async #more(): Promise<Buffer | null> {
    try {
      const { done, value } = await this.#chunks.next();
      return done ? null : value;
    } catch {
      // A reset: there is no more.
      return null;
    }
  }
}

/** A request's head. */
export function requestOf(lines: readonly string[]): RequestHead {
  const [method = "", target = ""] = (lines[0] ?? "").split(" ");
  const headers = Object.fromEntries(headerLines(lines).map(([name, value]) => [name.toLowerCase(), value]));
  return { method, target, headers };
}

/** A request as bytes. */
export function requestBytes({ method, target, headers }: RequestHead, body: Buffer): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1"), body]);
}

/** A whole answer; null when the server ended the connection before its end. */
export async function readResponse(reader: SocketReader, method: string): Promise<ResponseMessage | null> {
  for (;;) {
    const lines = await reader.head();
    if (!lines) return null;
    const status = Number((lines[0] ?? "").split(" ")[1]);
    if (status < 200) continue;
    const headers = headerLines(lines);
    const value = (name: string): string | undefined => headers.find(([one]) => one.toLowerCase() === name)?.[1];
    if (method === "HEAD" || status === 204 || status === 304) return { status, headers, body: Buffer.alloc(0) };
    if (/chunked/i.test(value("transfer-encoding") ?? "")) {
      const kept = headers.filter(([name]) => name.toLowerCase() !== "transfer-encoding");
      return { status, headers: kept, body: dechunked(await reader.bytes(Infinity)) };
    }
    const length = value("content-length");
    const body = await reader.bytes(length === undefined ? Infinity : Number(length));
    return length !== undefined && body.length < Number(length) ? null : { status, headers, body };
  }
}

function headerLines(lines: readonly string[]): [string, string][] {
  return lines.slice(1).map((line) => split(line, ":").map((part) => part.trim()) as [string, string]);
}

function dechunked(data: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < data.length;) {
    const end = data.indexOf("\r\n", at);
    const size = Number.parseInt(data.subarray(at, end).toString("latin1"), 16);
    if (!(size > 0)) break;
    chunks.push(data.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(chunks);
}
