import { describe, expect, it } from "vitest";
import { Doubt, isUnsent } from "../../../drivers/s3/doubt.ts";
import { StorageError } from "../../../src/error.ts";

const refused = new StorageError("precondition-failed", "x", { response: { status: 412 } });
const gone = new StorageError("unavailable", "x");

describe("Doubt", () => {
  it.each([
    ["no answer", undefined, true, "ambiguous"],
    ["a request that was not sent", undefined, false, "precondition-failed"],
    ["500", 500, true, "ambiguous"],
    ["502", 502, true, "ambiguous"],
    ["503", 503, true, "precondition-failed"],
  ] as const)("after %s calls a refusal what it may be", (_, status, sent, code) => {
    const doubt = new Doubt();
    doubt.add(gone, status, sent);
    doubt.add(refused, 412, true);
    expect(doubt.verdict(refused)).toMatchObject({ code });
  });

  it("keeps what is no StorageError, and an answer that leaves nothing open", () => {
    const doubt = new Doubt();
    doubt.add(gone, 500, true);
    expect(doubt.verdict(gone)).toBe(gone);
    const error = new Error("own");
    expect(doubt.verdict(error)).toBe(error);
  });
});

it.each([
  [{ code: "ECONNREFUSED" }, true],
  [{ cause: { code: "UND_ERR_CONNECT_TIMEOUT" } }, true],
  [{ cause: { cause: { code: "ENOTFOUND" } } }, true],
  [{ cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } }, true],
  [{ cause: { code: "ECONNRESET" } }, false],
  [new Error("x"), false],
  [null, false],
])("isUnsent %j is %s", (error, expected) => {
  expect(isUnsent(error)).toBe(expected);
});
