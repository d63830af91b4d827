/** `multipart/form-data` as a stream: a part's bytes are handed on while they arrive, none is held whole. */
import * as multipart from "multipasta";
import { Refused } from "./errors.ts";

/** A file of a form. Its body must be read or left before the next part is asked for. */
export interface FormFile {
  readonly kind: "file";
  readonly name: string;
  readonly filename: string;
  readonly type: string;
  readonly body: ReadableStream<Uint8Array>;
}

/** A text field of a form, at most 8 KiB. */
export interface FormField {
  readonly kind: "field";
  readonly name: string;
  readonly value: string;
}

const LIMITS = { maxParts: 32, maxFieldSize: 8 * 1024 };

/** The parts of a form, in the order in which they were sent. */
export async function* readForm(
  headers: Headers,
  body: ReadableStream<Uint8Array> | null,
): AsyncGenerator<FormField | FormFile, void, void> {
  if (body === null || !headers.get("content-type")?.toLowerCase().startsWith("multipart/form-data")) {
    throw new Refused(415, "not-a-form", "Send a form: Content-Type multipart/form-data with a file in it.");
  }
  const parts: (FormField | FormFile)[] = [];
  const source = body.getReader();
  const buffers = new WeakMap<FormField | FormFile, Uint8Array[]>();
  let failure: Refused | undefined;
  const fail = (error: multipart.MultipartError): void => {
    failure ??= refusal(error);
  };

  const parser = multipart.make({
    ...LIMITS,
    headers: Object.fromEntries(headers),
    onField: (info, value) =>
      void parts.push({ kind: "field", name: info.name, value: multipart.decodeField(info, value) }),
    onFile: (info) => {
      const current = { chunks: [] as Uint8Array[], ended: false };
      const body = new ReadableStream<Uint8Array>(
        { pull: (controller) => pull(current, controller) },
        { highWaterMark: 0 },
      );
      const part: FormFile = {
        kind: "file",
        name: info.name,
        filename: info.filename ?? "",
        type: info.contentType,
        body,
      };
      buffers.set(part, current.chunks);
      parts.push(part);
      return (chunk) => {
        if (chunk === null) current.ended = true;
        else if (chunk.byteLength > 0) current.chunks.push(chunk);
      };
    },
    onError: fail,
    onDone: () => {},
  });

  /** Feeds the parser one more piece of the body; false at its end. */
  const step = async (): Promise<boolean> => {
    const { done, value } = await source.read();
    try {
      if (done) parser.end();
      else parser.write(value);
    } catch {
      fail({ _tag: "InvalidDisposition" });
    }
    if (failure !== undefined) throw failure;
    return !done;
  };

  const pull = async (
    current: { chunks: Uint8Array[]; ended: boolean },
    controller: ReadableStreamDefaultController<Uint8Array>,
  ): Promise<void> => {
    while (current.chunks.length === 0 && !current.ended) {
      if (!(await step()) && !current.ended) throw refusal({ _tag: "EndNotReached" });
    }
    const chunk = current.chunks.shift();
    if (chunk === undefined) controller.close();
    else controller.enqueue(chunk);
  };

  try {
    let left: Uint8Array[] | undefined;
    for (let more = true; more || parts.length > 0;) {
      const part = parts.shift();
      if (part === undefined) {
        more = await step();
      } else {
        yield part;
        left = buffers.get(part) ?? left;
      }
      // What the consumer did not read of the file before is not kept.
      if (left !== undefined) left.length = 0;
    }
  } finally {
    source.releaseLock();
  }
}

function refusal(error: multipart.MultipartError): Refused {
  switch (error._tag) {
    case "InvalidBoundary":
      return new Refused(400, "malformed-form", "The form's Content-Type names no boundary.");
    case "ReachedLimit":
      return new Refused(413, "too-large", "The form has more than 32 parts, or a text field above 8 KiB.");
    case "EndNotReached":
      return new Refused(400, "malformed-form", "The form ends in the middle of a part. Send it again, whole.");
    case "BadHeaders":
    case "InvalidDisposition":
      return new Refused(400, "malformed-form", "A part of the form has no valid Content-Disposition header.");
  }
}
