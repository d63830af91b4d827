/** From a server's answers to yes or no. */
import { StorageError } from "../../../src/error.ts";
import type { Answer } from "./answer.ts";

/** What was found out about one feature. */
export interface Finding {
  /** `unknown`: it could not be asked, or the keys lack a right for it. */
  readonly answer: "yes" | "no" | "unknown";
  /** The answers that decided it, or why there were none. */
  readonly said: string;
  /** True: a write was carried out although its condition on the target did not hold, so that nobody learns what was lost. */
  readonly passedOver?: boolean | undefined;
}

/** The finding of answers, each with a name for the reader. With a 401 or 403 it is `unknown`: that tells of the keys, not of the server. */
export function judge(holds: boolean, answers: Readonly<Record<string, Answer>>, passedOver = false): Finding {
  const denied = Object.values(answers).some(({ status }) => status === 401 || status === 403);
  const finding = found(denied ? "unknown" : holds ? "yes" : "no", answers);
  return passedOver ? { ...finding, passedOver } : finding;
}

/** A finding, with what the server said. */
export function found(answer: Finding["answer"], answers: Readonly<Record<string, Answer>>, more = ""): Finding {
  const told = Object.entries(answers).map(([name, { status, code }]) => `${name} ${status}${code ? ` ${code}` : ""}`);
  return { answer, said: [...told, ...(more ? [more] : [])].join(", ") };
}

/** The finding of a question that ended with an error. */
export function failed(error: unknown): Finding {
  const said = StorageError.is(error) ? `${error.code}: ${error.message}` : String(error);
  return { answer: "unknown", said };
}
