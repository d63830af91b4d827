import { expect, it, vi } from "vitest";
import { giveUp, Refusal } from "../../../drivers/s3/refusal.ts";

it("Refusal has the error of the answer, which does not repeat the keys of who asked", () => {
  const answer = { status: 403, header: () => null };
  const complaint = { code: "AccessDenied", message: "AKID and its hidden", region: undefined };
  const { error } = new Refusal(answer, complaint, { accessKeyId: "AKID", secretAccessKey: "hidden" });
  expect(error).toMatchObject({ code: "denied", response: { status: 403, code: "AccessDenied" } });
  expect(error.message).toContain("*** and its ***");
});

it("giveUp lets go of the body, and throws the error", () => {
  const discard = vi.fn(async () => {});
  const error = expect.objectContaining({ code: "corrupt", message: "no", retryable: true });
  expect(() => giveUp({ discard }, "corrupt", "no", { retryable: true })).toThrow(error);
  expect(discard).toHaveBeenCalledTimes(1);
});
