import { expect, it } from "vitest";
import { copyHeaders, refuseLoss } from "../../src/copy-headers.ts";

const CUSTOMER = "server-side-encryption-customer-key";

it("copyHeaders sends who pays, who owns the bucket and what is none of S3's to all", () => {
  const headers = { "X-Amz-Request-Payer": "requester", "x-amz-expected-bucket-owner": "1", traceparent: "00-1" };
  const each = { "x-amz-request-payer": "requester", "x-amz-expected-bucket-owner": "1", traceparent: "00-1" };
  expect(copyHeaders(headers)).toEqual({ each, source: each, target: each, write: each, part: each });
});

it("copyHeaders sends the source's to reads of it under the names of a read, and to copies under their own", () => {
  const headers = { [`x-amz-copy-source-${CUSTOMER}`]: "k", "x-amz-source-expected-bucket-owner": "1" };
  const source = { [`x-amz-${CUSTOMER}`]: "k", "x-amz-expected-bucket-owner": "1" };
  expect(copyHeaders(headers)).toEqual({ each: {}, source, target: {}, write: {}, part: headers });
});

it("copyHeaders sends the target's key to all that the target is asked, and the rest to its write", () => {
  const key = { [`x-amz-${CUSTOMER}`]: "k" };
  const headers = { ...key, "x-amz-acl": "private", "x-amz-server-side-encryption": "aws:kms" };
  expect(copyHeaders(headers)).toEqual({ each: {}, source: {}, target: key, write: headers, part: key });
});

it("copyHeaders of nothing are none, and those that have an option of their own are refused", () => {
  expect(Object.values(copyHeaders(undefined))).toEqual([{}, {}, {}, {}, {}]);
  expect(() => copyHeaders({ "content-type": "a/b" })).toThrow(expect.objectContaining({ code: "invalid-option" }));
});

it("refuseLoss refuses what has more metadata than headers can say", () => {
  expect(() => refuseLoss({ missingMetadata: 1 })).toThrow(expect.objectContaining({ code: "unsupported" }));
  expect(() => refuseLoss({})).not.toThrow();
});
