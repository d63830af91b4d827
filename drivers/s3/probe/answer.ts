/** The answers of servers as the probe sees them. */
import { childrenOf, type Element, readXml } from "../../../src/s3/xml.ts";
import { complaintOf } from "../complaint.ts";
import type { WireResponse } from "../transport.ts";

/** Bytes of the largest answer that is read. */
const MAX_ANSWER = 1024 * 1024;

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly ok: boolean;
  /** Of an error document, also of one that came with 200. */
  readonly code: string | undefined;
  readonly text: string;
  /** The document's root, where there is one. */
  readonly root: Element | undefined;
  readonly header: (name: string) => string | null;
}

/** The elements of a name in the root of an answer's document. */
export function children(answer: Answer | undefined, name: string): readonly Element[] {
  return answer?.root ? childrenOf(answer.root, name) : [];
}

/** Reads an answer of the driver's transport. */
export async function readAnswer(response: WireResponse): Promise<Answer> {
  const bytes = await response.bytes(MAX_ANSWER);
  return toAnswer(response.status, new TextDecoder().decode(bytes), (name) => response.header(name));
}

/** An answer by its status, text and headers. An error document makes it a refusal, also with 200. */
export function toAnswer(status: number, text: string, header: Answer["header"]): Answer {
  const root = text.trimStart().startsWith("<") ? documentIn(text) : undefined;
  // S3's codes are words. Anything else could be an echo of what was sent.
  const code = root?.name === "Error" ? /^\w{1,64}$/.exec(complaintOf(root).code ?? "")?.[0] : undefined;
  return { status, ok: status >= 200 && status < 300 && root?.name !== "Error", code, text, root, header };
}

function documentIn(text: string): Element | undefined {
  try {
    return readXml(text);
  } catch {
    return undefined;
  }
}
