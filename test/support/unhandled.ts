/** Rejections that nobody hears. */
import { onTestFinished } from "vitest";

/** What is rejected unheard from now on, until the test has finished. */
export function unhandledRejections(): readonly unknown[] {
  const reasons: unknown[] = [];
  const hear = (reason: unknown): void => void reasons.push(reason);
  process.on("unhandledRejection", hear);
  onTestFinished(() => void process.off("unhandledRejection", hear));
  return reasons;
}
