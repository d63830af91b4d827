/** Reads and discards the rest of request bodies that are refused or cancelled before their end. */
import type { Readable } from "./bytes.ts";
import { quietly } from "./quietly.ts";

/** The most bytes that are read and discarded. */
const MAX_REST = 64 * 1024 * 1024;
/** The most milliseconds for that: a client may send slowly, or send nothing more before it sees the answer. */
const MAX_WAIT = 30_000;

/** For each body that has a reader: resolves when reading has ended. */
const ends = new WeakMap<Readable, Promise<void>>();

/** For each {@link lingeringStream}: the body that it reads. */
const sources = new WeakMap<Readable, Readable>();

/**
 * A body that, when it is cancelled, is read and discarded for a while: servers close the connection of a cancelled
 * body, and a client that is still sending would then not see the answer. `failing` maps errors of reads; with
 * `awaited` cancelling waits until the rest has been read; `most` bytes of it are read, see {@link restOf}.
 */
export function lingering(
  stream: Readable | null,
  failing: (cause: unknown) => unknown = (cause) => cause,
  awaited = false,
  most: number = MAX_REST,
): Readable | null {
  if (stream === null) return null;
  const body = sources.get(stream) ?? stream;
  return {
    getReader() {
      const reader = body.getReader();
      let end = (): void => {};
      ends.set(body, new Promise((resolve) => (end = resolve)));
      const read = async (): Promise<ReadableStreamReadResult<Uint8Array>> => {
        try {
          const result = await reader.read();
          if (result.done) end();
          return result;
        } catch (error) {
          end();
          throw failing(error);
        }
      };
      const rest = async (reason: unknown): Promise<void> => {
        const letGo = (): Promise<void> => reader.cancel(reason).finally(end);
        // This timer must not keep the process alive.
        const timer = quietly(setTimeout(() => void letGo().catch(() => {}), MAX_WAIT));
        try {
          for (let left = most; left > 0;) {
            const { done, value } = await read();
            if (done) return;
            left -= value.byteLength;
          }
          await letGo();
        } finally {
          clearTimeout(timer);
          reader.releaseLock?.();
        }
      };
      const cancel = async (reason: unknown): Promise<void> => {
        // Failures do not matter: the client is gone.
        const done = rest(reason).catch(() => {});
        if (awaited) await done;
      };
      return { read, cancel };
    },
  };
}

/**
 * A {@link lingering} body as a stream. For Node, whose servers close or pause the connection of a cancelled body: the
 * next request on it waits for the `keepAliveTimeout`, and is then cut. Bun and Deno read on by themselves; workerd
 * reads nothing after the answer.
 */
export function lingeringStream(body: Readable): ReadableStream<Uint8Array> {
  let reader: ReturnType<Readable["getReader"]> | undefined;
  const open = (): ReturnType<Readable["getReader"]> => (reader ??= (lingering(body) as Readable).getReader());
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await open().read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => open().cancel(reason),
    },
    { highWaterMark: 0 },
  );
  sources.set(stream, body);
  return stream;
}

/**
 * Whether the connection closes with the answer, even while the client is still sending: it does if the client asks for
 * that by its header `connection`, and on workerd if the body is not read by then.
 */
export function endsWithAnswer(connection: string): boolean {
  return "FixedLengthStream" in globalThis || /\bclose\b/i.test(connection);
}

/**
 * The bytes that are read of a refused body. None on Deno: it reads the rest of a cancelled body itself, and cuts the
 * connection of a body that is still being read after the answer.
 */
export function restOf(connection: string): number {
  return "Deno" in globalThis && !endsWithAnswer(connection) ? 0 : MAX_REST;
}

/** Awaited before a refused request is answered, so that a client that is still sending sees the answer. */
export async function refusing(request: Pick<Request, "headers" | "body">): Promise<void> {
  const connection = request.headers.get("connection") ?? "";
  if (endsWithAnswer(connection)) await readOn(request.body);
  // Deno also cuts the connection of a body that nobody has looked at.
  else if (restOf(connection) === 0 && !request.body?.locked) await request.body?.cancel().catch(() => {});
}

/** Waits until a refused body has been read or discarded, at most for the time above. */
export async function readOn(body: ReadableStream<Uint8Array> | null | undefined): Promise<void> {
  if (!body) return;
  if (!body.locked) await lingering(body)?.getReader().cancel();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, MAX_WAIT)));
  await Promise.race([ends.get(body), limit]);
  clearTimeout(timer);
}
