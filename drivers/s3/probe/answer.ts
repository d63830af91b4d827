/** What a server answered, as far as the probe looks at it. */
import { childrenOf, type Element, readXml } from "../../../src/s3/xml.ts";
import { complaintOf } from "../complaint.ts";
import type { WireResponse } from "../transport.ts";

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

/** All children of a name in an answer's document. */
export function children(answer: Answer | undefined, name: string): readonly Element[] {
  return answer?.root ? childrenOf(answer.root, name) : [];
}

/** Reads an answer of the driver's transport. */
export async function readAnswer(response: WireResponse): Promise<Answer> {
  const bytes = await response.bytes(MAX_ANSWER);
  return toAnswer(response.status, new TextDecoder().decode(bytes), (name) => response.header(name));
}

/** From what came to what it means; a refusal may come with 200. */
export function toAnswer(status: number, text: string, header: Answer["header"]): Answer {
  const root = text.trimStart().startsWith("<") ? documentIn(text) : undefined;
  // A word, as all of S3's are: anything else could be an echo of what was sent.
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
