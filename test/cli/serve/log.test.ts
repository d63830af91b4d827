import { describe, expect, it } from "vitest";
import { entryOf, FailureLog } from "../../../cli/serve/log.ts";
import { StorageError } from "../../../src/error.ts";

const request = new Request("http://h/b/a%20b?X-Amz-Signature=secret", { method: "PUT" });
const response = new Response(null, { headers: { "x-amz-request-id": "ID" } });
const time = new Date("2026-01-02T03:04:05.678Z");

describe("entryOf", () => {
  it("is one line of time, method, path, request id and message", () => {
    const error = new StorageError("unavailable", 'fs upload "a\nb": the disk is full', { retryable: false });
    const line = '2026-01-02T03:04:05.678Z PUT /b/a%20b ID: fs upload "a\\u{a}b": the disk is full';
    expect(entryOf(error, request, response, time)).toBe(line);
  });

  it("has a stack of what nobody foresaw, with its cause", () => {
    const cause = new TypeError("x is not a function");
    for (const error of [cause, new StorageError("unknown", "failed", { cause })]) {
      const [line, ...rest] = entryOf(error, request, response, time).split("\n");
      expect(line).toBe(`2026-01-02T03:04:05.678Z PUT /b/a%20b ID: ${error.message}`);
      expect(rest.join("\n")).toMatch(/TypeError: x is not a function\n +at /);
      expect(rest.every((each) => each.startsWith("  "))).toBe(true);
    }
    expect(entryOf("text", request, new Response(), time)).toBe(
      "2026-01-02T03:04:05.678Z PUT /b/a%20b: text\n  'text'",
    );
    const forged = new StorageError("unknown", "bad \u009b31m\n2026-01-02T03:04:05.678Z GET /b: fine");
    expect(entryOf(forged, request, response, time)).not.toMatch(/\u009b|\n2026/);
  });
});

describe("FailureLog", () => {
  it("prints what was noted of a request when its answer is there, and nothing of others", async () => {
    const log = new FailureLog();
    const lines: string[] = [];
    const fetch = log.printing(
      async (asked) => {
        if (asked === request) log.note(new StorageError("denied", "no"), asked);
        return response;
      },
      (line) => lines.push(line),
    );
    expect(await fetch(new Request("http://h/b/other"))).toBe(response);
    expect(await fetch(request)).toBe(response);
    expect(lines).toEqual([expect.stringMatching(/^\S+Z PUT \/b\/a%20b ID: no$/)]);
  });
});
