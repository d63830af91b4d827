/** Bodies of requests that are refused before their end. */
import type { Readable } from "./bytes.ts";
import { quietly } from "./quietly.ts";

/** Bytes that are read on at most. */
const MAX_REST = 64 * 1024 * 1024;
/** Milliseconds for which a client is waited for at most, which may send slowly, or nothing more before it sees the answer. */
const MAX_WAIT = 30_000;

/** Of each body that has a reader, what resolves when as much of it is read as ever will be. */
const ends = new WeakMap<Readable, Promise<void>>();

/** Of each {@link lingeringStream}, the body that it reads. */
const sources = new WeakMap<Readable, Readable>();

/**
 * A body that is read on for a while, by itself and into nothing, where its reader cancels it: servers close the connection of a body
 * that is cancelled, and a client that still sends then sees no answer. `failing` says what a failure to read is called,
 * `awaited` whether to cancel waits for all that is read on.
 */
export function lingering(
  stream: Readable | null,
  failing: (cause: unknown) => unknown = (cause) => cause,
  awaited = false,
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
        // What else there is to do keeps a process alive, not this.
        const timer = quietly(setTimeout(() => void letGo().catch(() => {}), MAX_WAIT));
        try {
          for (let left = MAX_REST; left > 0;) {
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
        // A client that is gone needs none of it.
        const done = rest(reason).catch(() => {});
        if (awaited) await done;
      };
      return { read, cancel };
    },
  };
}

/**
 * A request's body as a stream that lingers. Servers of Node end or stop the connection of one that is cancelled, and the next request on it waits for
 * their `keepAliveTimeout`, and is cut; Bun and Deno read on by themselves. On workerd nothing is read on behind an answer.
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
 * Whether a connection ends with its answer, whatever is still being sent: servers end it where the client has asked for that by its header
 * `connection`, and workerd where the body is not read by then.
 */
export function endsWithAnswer(connection: string): boolean {
  return "FixedLengthStream" in globalThis || /\bclose\b/i.test(connection);
}

/** Waits until a body is read on, or read at all, that was refused. */
export async function readOn(body: ReadableStream<Uint8Array> | null | undefined): Promise<void> {
  if (!body) return;
  if (!body.locked) await lingering(body)?.getReader().cancel();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, MAX_WAIT)));
  await Promise.race([ends.get(body), limit]);
  clearTimeout(timer);
}
