import { expect, it } from "vitest";
import { StorageError } from "../../../src/error.ts";
import { FormError } from "../../../src/form-data/error.ts";

it("FormError is a StorageError, too-large for its size and else invalid-option", () => {
  const codes = (["type", "malformed", "cut", "size"] as const).map((reason) => {
    const error = new FormError(reason, "no");
    return [error.reason, error.code, error.name, StorageError.is(error)];
  });
  expect(codes).toEqual([
    ["type", "invalid-option", "FormError", true],
    ["malformed", "invalid-option", "FormError", true],
    ["cut", "invalid-option", "FormError", true],
    ["size", "too-large", "FormError", true],
  ]);
});
