import { describe, expect, it } from "vitest";
import { readComplaint } from "../../../drivers/s3/complaint.ts";
import type { WireResponse } from "../../../drivers/s3/transport.ts";
import { StorageError } from "../../../src/error.ts";
import { stubbed } from "../../support/stubbed.ts";
import { failure, wire } from "../../support/wire.ts";

const none = { code: undefined, message: undefined, region: undefined };

function answered(
  status: number,
  body: string | Error = "",
  headers: Readonly<Record<string, string>> = {},
): WireResponse {
  return {
    status,
    header: (name) => headers[name] ?? null,
    names: () => [],
    pieces: () => ({ next: async () => null, cancel: () => {} }),
    bytes: async () => {
      if (body instanceof Error) throw body;
      return new TextEncoder().encode(body);
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

  it("leaves open what a document does not say", async () => {
    const body = "<Error><Message>no</Message></Error>";
    expect(await readComplaint(answered(400, body))).toStrictEqual({ ...none, message: "no" });
  });

  it.each([
    ["nothing", ""],
    ["too much", new StorageError("corrupt", "too much")],
    ["a failure", new Error("cut")],
    ["a page", "<html><body>502<hr></body></html>"],
    ["another document", "<Fault><Code>x</Code></Fault>"],
    ["JSON", '{"code":"x"}'],
    ["half a document", "<Error><Code>x</Code>"],
  ])("takes nothing from %s", async (_, body) => {
    expect(await readComplaint(answered(502, body))).toEqual(none);
  });

  it("reads MinIO's headers where there is no document, as after a HEAD", async () => {
    const headers = { "x-minio-error-code": "XMinioInvalidObjectName", "x-minio-error-desc": '"Object \\name"' };
    const said = { ...none, code: "XMinioInvalidObjectName", message: "Object \\name" };
    expect(await readComplaint(answered(400, "", headers))).toEqual(said);
    expect(await readComplaint(answered(400, "<html>", headers))).toEqual(none);
    expect(await readComplaint(answered(400, new Error("cut"), headers))).toEqual(none);
  });

  it("reads a document of kilobytes, in which AWS repeats all that it has signed", async () => {
    const server = await wire(failure(403, "SignatureDoesNotMatch", "x".repeat(8000)));
    await expect(stubbed(server).upload("k", "x")).rejects.toMatchObject({
      response: { code: "SignatureDoesNotMatch" },
    });
  });

  it("takes no code from a header that is none", async () => {
    for (const code of ["", "a b", "<x>", "x".repeat(65)])
      expect(await readComplaint(answered(400, "", { "x-minio-error-code": code }))).toEqual(none);
    const bare = { "x-minio-error-code": "AccessDenied" };
    expect(await readComplaint(answered(403, "", bare))).toStrictEqual({ ...none, code: "AccessDenied" });
  });
});
