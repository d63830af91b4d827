import { expect, it } from "vitest";
import { formOf, type FormRules } from "../../../src/post-policy/form.ts";

const rules: FormRules = { below: false, least: 1, most: 5, success: { success_action_status: "201" } };
const form = {
  ...{ bucket: "b", key: "in/é\u2028", headers: {}, region: "auto", stamp: "20260304T050607Z" },
  ...{ accessKeyId: "AKID", sessionToken: "token" },
  expiresAt: new Date("2026-03-04T06:06:07Z"),
};

interface Policy {
  readonly expiration: string;
  readonly conditions: readonly unknown[];
}

/** The fields that say who signs. */
const signer = {
  ...{ "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-credential": "AKID/20260304/auto/s3/aws4_request" },
  ...{ "x-amz-date": "20260304T050607Z", "x-amz-security-token": "token" },
};

function written(
  own: Partial<FormRules>,
  headers: Record<string, string> = {},
): Policy & { readonly fields: Record<string, string>; readonly document: string } {
  const { policy, ...fields } = formOf({ ...rules, ...own })({ ...form, headers });
  const document = atob(policy);
  return { fields, document, ...(JSON.parse(document) as Policy) };
}

it("formOf binds bucket, key, length, answer, signer and end", () => {
  const { fields, expiration, conditions } = written({});
  expect(fields).toEqual({ key: "in/é\u2028", success_action_status: "201", ...signer });
  expect(expiration).toBe("2026-03-04T06:06:07.000Z");
  expect(conditions).toEqual([
    { bucket: "b" },
    { key: "in/é\u2028" },
    ["content-length-range", 1, 5],
    { success_action_status: "201" },
    ...Object.entries(signer).map(([name, value]) => ({ [name]: value })),
  ]);
});

it("formOf writes a document of ASCII alone", () => {
  expect(written({}).document).toMatch(/^[ -~]*in\/\\u00e9\\u2028[ -~]*$/);
});

it("formOf takes any key below another, and any type that begins as it should", () => {
  const { fields, conditions } = written({ below: true, typePrefix: "image/" });
  expect(fields["key"]).toBe("in/é\u2028${filename}");
  expect(conditions).toContainEqual(["starts-with", "$key", "in/é\u2028"]);
  expect(conditions).toContainEqual(["starts-with", "$Content-Type", "image/"]);
  expect(fields).not.toHaveProperty("Content-Type");
  expect(written({ typePrefix: "" }).conditions).toContainEqual(["starts-with", "$Content-Type", ""]);
});

it("formOf gives headers the names that forms have, each with its condition, and leaves out what only a connection has", () => {
  const { fields, conditions } = written(
    {},
    {
      ...{
        "content-type": "a/b",
        "content-disposition": "inline",
        "content-encoding": "x",
        "cache-control": "no-store",
      },
      ...{ "x-amz-acl": "private", "x-amz-meta-a": "b", "x-amz-storage-class": "X", "x-own": "1", "user-agent": "me" },
    },
  );
  const sent = {
    ...{ "Content-Type": "a/b", "Content-Disposition": "inline", "Content-Encoding": "x", "Cache-Control": "no-store" },
    ...{ acl: "private", "x-amz-meta-a": "b", "x-amz-storage-class": "X" },
  };
  expect(fields).toEqual({ ...sent, key: "in/é\u2028", success_action_status: "201", ...signer });
  for (const [name, value] of Object.entries(sent)) expect(conditions).toContainEqual({ [name]: value });
});
