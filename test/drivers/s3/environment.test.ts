import { afterEach, expect, it, vi } from "vitest";
import { environment } from "../../../drivers/s3/environment.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

it("environment is the process's", () => {
  vi.stubEnv("UNBUCKET_TEST", "x");
  expect(environment()["UNBUCKET_TEST"]).toBe("x");
});

it("environment is empty where there is no process", () => {
  vi.stubGlobal("process", undefined);
  const found = environment();
  vi.unstubAllGlobals();
  expect(found).toEqual({});
});
