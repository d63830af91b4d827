import { expect, it } from "vitest";
import { Refusal } from "../../../drivers/s3/refusal.ts";

const answer = { status: 403, header: () => null };

it("Refusal becomes one error, however often it is asked for", () => {
  const refusal = new Refusal(answer, { code: "AccessDenied", message: "no", region: undefined });
  expect(refusal.toError()).toBe(refusal.toError());
  expect(refusal.toError()).toMatchObject({ code: "denied", response: { status: 403, code: "AccessDenied" } });
});

it("Refusal does not repeat the keys of who asked", () => {
  const refusal = new Refusal(answer, { code: "AccessDenied", message: "AKID and its hidden", region: undefined });
  refusal.identity = { accessKeyId: "AKID", secretAccessKey: "hidden" };
  expect(refusal.toError().message).toContain("*** and its ***");
});
