import { expect, it } from "vitest";
import { toAnswer } from "../../../../drivers/s3/probe/answer.ts";
import { failed, found, judge } from "../../../../drivers/s3/probe/finding.ts";
import { StorageError } from "../../../../src/error.ts";

const answer = (status: number, code?: string): ReturnType<typeof toAnswer> =>
  toAnswer(status, code ? `<Error><Code>${code}</Code></Error>` : "", () => null);

it("judge is a yes or a no by what holds, with what was said", () => {
  const answers = { absent: answer(200), present: answer(412, "PreconditionFailed") };
  expect(judge(true, answers)).toEqual({ answer: "yes", said: "absent 200, present 412 PreconditionFailed" });
  expect(judge(false, answers).answer).toBe("no");
});

it.each([401, 403])("judge knows nothing after %i, which is about the keys", (status) => {
  expect(judge(false, { PUT: answer(status) }).answer).toBe("unknown");
  expect(found("yes", { PUT: answer(status) }, "as it should").said).toBe(`PUT ${status}, as it should`);
});

it("failed keeps what went wrong", () => {
  expect(failed(new StorageError("timeout", "too late"))).toEqual({ answer: "unknown", said: "timeout: too late" });
  expect(failed(new TypeError("broken")).said).toBe("TypeError: broken");
});
