import { describe, expect, it } from "vitest";
import { isRetryable, readComplaint, toStorageError } from "../../../drivers/s3/errors.ts";
import type { WireResponse } from "../../../drivers/s3/transport.ts";

const identity = { accessKeyId: "AKID-CANARY", secretAccessKey: "SECRET-CANARY", sessionToken: "TOKEN-CANARY" };
const none = { code: undefined, message: undefined, region: undefined };

function answered(
  status: number,
  body: string | Error | null = "",
  headers: Readonly<Record<string, string>> = {},
): WireResponse {
  return {
    status,
    header: (name) => headers[name] ?? null,
    names: () => [],
    pieces: () => ({ next: async () => null, cancel: () => {} }),
    bytes: async () => {
      if (body instanceof Error) throw body;
      return body === null ? null : new TextEncoder().encode(body);
    },
    discard: async () => {},
    raw: true,
  };
}

describe("readComplaint", () => {
  it("reads code, message and region", async () => {
    const body = "<Error><Code>PermanentRedirect</Code><Message>a &amp; b</Message><Region>eu-west-1</Region></Error>";
    expect(await readComplaint(answered(301, body))).toEqual({
      code: "PermanentRedirect",
      message: "a & b",
      region: "eu-west-1",
    });
  });

  it.each([
    ["nothing", ""],
    ["too much", null],
    ["a failure", new Error("cut")],
    ["a page", "<html><body>502<hr></body></html>"],
    ["another document", "<Fault><Code>x</Code></Fault>"],
    ["JSON", '{"code":"x"}'],
    ["half a document", "<Error><Code>x</Code>"],
  ])("takes nothing from %s", async (_, body) => {
    expect(await readComplaint(answered(502, body))).toEqual(none);
  });
});

describe("toStorageError", () => {
  it("goes by the code before the status", () => {
    const made = toStorageError(answered(400), { ...none, code: "ExpiredToken" }, identity);
    expect(made).toMatchObject({ code: "unauthenticated", response: { status: 400, code: "ExpiredToken" } });
    expect(toStorageError(answered(404), { ...none, code: "NoSuchBucket" }, identity).code).toBe("bucket-not-found");
    expect(toStorageError(answered(418), none, identity).code).toBe("unknown");
    expect(toStorageError(answered(599), none, identity)).toMatchObject({ code: "unavailable", retryable: true });
  });

  it("keeps the request's id, and says in which region the bucket is", () => {
    const made = toStorageError(
      answered(301, "", { "x-amz-request-id": "R1", "x-amz-bucket-region": "eu-west-1" }),
      none,
      identity,
    );
    expect(made.response).toMatchObject({ status: 301, requestId: "R1" });
    expect(made.message).toContain("eu-west-1; set region");
    const odd = toStorageError(answered(301, "", { "x-amz-bucket-region": "<b>" }), none, identity);
    expect(odd.message).not.toContain("<b>");
  });

  it("repeats no secret that the store repeats, also where the message is cut", () => {
    for (const secret of Object.values(identity))
      for (let before = 270; before <= 300; before++) {
        const complaint = { code: `C${secret}`, message: `${"x".repeat(before)}${secret} tail`, region: undefined };
        const { message, response } = toStorageError(answered(403), complaint, identity);
        const said = message + JSON.stringify(response);
        expect(said).not.toContain(secret.slice(0, 6));
      }
  });

  it("bounds what it repeats", () => {
    const long = { code: "c".repeat(5000), message: "m".repeat(5000), region: undefined };
    const made = toStorageError(answered(400), long, identity);
    expect(made.message.length).toBeLessThan(600);
    expect(made.response?.code?.length).toBe(100);
  });
});

it.each([
  [409, "conflict", true],
  [200, "conflict", false],
  [503, "unavailable", true],
  [504, "timeout", true],
  [501, "unsupported", false],
  [403, "denied", false],
] as const)("isRetryable %i %s is %s", (status, code, expected) => {
  expect(isRetryable(status, code)).toBe(expected);
});
