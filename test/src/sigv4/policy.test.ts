import { expect, it } from "vitest";
import { signerFields, signPolicy } from "../../../src/sigv4/policy.ts";
import { EXAMPLE } from "../../support/policy.ts";

const identity = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
const scope = { identity, region: "us-east-1", date: new Date("2015-12-29T00:00:00Z") };
const form = { bucket: "b", key: "k", headers: {}, expiresAt: new Date(0) };

it("signPolicy gives the signature of Amazon's published example, and signerFields who signs it", async () => {
  const fields = await signPolicy((given) => ({ ...signerFields(given), policy: btoa(EXAMPLE) }), form, scope);
  expect(fields).toEqual({
    policy: btoa(EXAMPLE),
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request",
    "x-amz-date": "20151229T000000Z",
    "x-amz-signature": "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e",
  });
});

it("signPolicy gives the writer all but the secret, and signerFields a token where there is one", async () => {
  const role = { ...scope, identity: { ...identity, sessionToken: "token" } };
  await signPolicy(
    (given) => {
      expect(given).toMatchObject(form);
      expect(signerFields(given)).toMatchObject({ "x-amz-security-token": "token" });
      expect(JSON.stringify(given)).not.toContain(identity.secretAccessKey);
      return { policy: "" };
    },
    form,
    role,
  );
  expect.assertions(3);
});
