import { expect, test } from "vitest";
import { StorageError } from "../../../src/error.ts";
import { GuardError } from "../../../src/guard/error.ts";

test.each([
  ["size", "too-large"],
  ["type", "invalid-option"],
  ["content", "invalid-option"],
] as const)("GuardError for %s is a StorageError %s", (reason, code) => {
  const error = new GuardError(reason, "why");
  expect(StorageError.is(error)).toBe(true);
  expect(error).toMatchObject({ reason, code, name: "GuardError", message: "why", retryable: false });
});
