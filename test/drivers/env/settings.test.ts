import { describe, expect, it } from "vitest";
import { toSettings } from "../../../drivers/env/settings.ts";
import { StorageError } from "../../../src/error.ts";

const bucket = { STORAGE_BACKEND: "s3", STORAGE_S3_BUCKET: "photos" };
const pair = { STORAGE_S3_ACCESS_KEY: "AKIDEXAMPLE", STORAGE_S3_SECRET_KEY: "canary-secret" };

const gateway = {
  STORAGE_LOCAL_GATEWAY_URL: "http://h/s3/uploads",
  STORAGE_LOCAL_ACCESS_KEY: "AKIDEXAMPLE",
  STORAGE_LOCAL_SECRET_KEY: "canary-secret",
};

function refusal(values: Parameters<typeof toSettings>[0]): StorageError {
  try {
    toSettings(values);
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error("these values were accepted");
}

describe("toSettings", () => {
  it("defaults to a folder named ./uploads", () => {
    expect(toSettings({})).toEqual({ backend: "local", options: { base: "./uploads" } });
  });

  it("takes the folder's path and the public address", () => {
    expect(toSettings({ STORAGE_LOCAL_PATH: "/srv/files", STORAGE_PUBLIC_URL: "/files" })).toEqual({
      backend: "local",
      options: { base: "/srv/files", publicUrl: "/files" },
    });
  });

  it("gives the folder its gateway when all three are set", () => {
    expect(toSettings(gateway).options).toEqual({
      base: "./uploads",
      gateway: { url: "http://h/s3/uploads", accessKeyId: "AKIDEXAMPLE", secretAccessKey: "canary-secret" },
    });
  });

  it("asks for no gateway where there is no folder", () => {
    const { STORAGE_LOCAL_GATEWAY_URL: alone } = gateway;
    expect(toSettings({ ...bucket, STORAGE_LOCAL_GATEWAY_URL: alone }).options).toEqual({ bucket: "photos" });
  });

  it.each(Object.keys(gateway))("refuses a gateway without %s, naming it", (variable) => {
    const error = refusal({ ...gateway, [variable]: undefined });
    expect(error.code).toBe("invalid-option");
    expect(error.message).toMatch(new RegExp(`^${variable} is not set but STORAGE_LOCAL_`));
    expect(error.message).not.toContain("canary");
  });

  it("takes the backend's name in any case", () => {
    expect(toSettings({ STORAGE_BACKEND: "LOCAL" }).backend).toBe("local");
    expect(toSettings({ STORAGE_BACKEND: "Memory" })).toEqual({ backend: "memory", options: {} });
  });

  it("gives the S3 driver only what is set, so that its own defaults and the AWS_* variables apply", () => {
    expect(toSettings(bucket)).toEqual({ backend: "s3", options: { bucket: "photos" } });
    expect(Object.keys(toSettings(bucket).options)).toEqual(["bucket"]);
  });

  it("gives the S3 driver everything that is set", () => {
    const settings = toSettings({
      ...bucket,
      ...pair,
      STORAGE_S3_REGION: "eu-central-1",
      STORAGE_S3_ENDPOINT_URL: "http://minio:9000",
      STORAGE_S3_SESSION_TOKEN: "token",
      STORAGE_S3_FORCE_PATH_STYLE: "FALSE",
      STORAGE_S3_PUBLIC_ENDPOINT_URL: "http://localhost:9000",
      STORAGE_S3_CONDITIONAL_WRITES: "false",
      STORAGE_PUBLIC_URL: "https://cdn.example.com/a",
    });
    expect(settings.options).toEqual({
      bucket: "photos",
      region: "eu-central-1",
      endpoint: "http://minio:9000",
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey: "canary-secret",
      sessionToken: "token",
      forcePathStyle: false,
      publicEndpoint: "http://localhost:9000",
      conditionalWrites: false,
      publicUrl: "https://cdn.example.com/a",
    });
  });

  it.each([
    ["true", true],
    ["1", true],
    ["True", true],
    ["false", false],
    ["0", false],
  ])("reads %s as a boolean", (text, value) => {
    expect(toSettings({ ...bucket, STORAGE_S3_FORCE_PATH_STYLE: text }).options).toMatchObject({
      forcePathStyle: value,
    });
  });

  it.each([
    ["an unknown backend", { STORAGE_BACKEND: "gcs" }, "STORAGE_BACKEND", /"gcs".*local, s3 or memory/],
    ["a long backend", { STORAGE_BACKEND: `${"x".repeat(40)}canary` }, "STORAGE_BACKEND", /"x{40}", which/],
    ["a missing bucket", { STORAGE_BACKEND: "s3" }, "STORAGE_S3_BUCKET", /not set.*name of the bucket/],
    ["a missing secret key", { ...bucket, STORAGE_S3_ACCESS_KEY: "A" }, "STORAGE_S3_SECRET_KEY", /set both keys/],
    [
      "a missing access key",
      { ...bucket, STORAGE_S3_SECRET_KEY: "canary-secret" },
      "STORAGE_S3_ACCESS_KEY",
      /set both keys/,
    ],
    [
      "a token without keys",
      { ...bucket, STORAGE_S3_SESSION_TOKEN: "canary-token" },
      "STORAGE_S3_SESSION_TOKEN",
      /STORAGE_S3_ACCESS_KEY/,
    ],
    [
      "an endpoint that is no URL",
      { ...bucket, STORAGE_S3_ENDPOINT_URL: "localhost" },
      "STORAGE_S3_ENDPOINT_URL",
      /http:\/\/localhost:9000/,
    ],
    [
      "an endpoint without a scheme",
      { ...bucket, STORAGE_S3_ENDPOINT_URL: "minio:9000" },
      "STORAGE_S3_ENDPOINT_URL",
      /http\(s\)/,
    ],
    [
      "an endpoint with a password",
      { ...bucket, STORAGE_S3_ENDPOINT_URL: "http://u:canary-secret@h" },
      "STORAGE_S3_ENDPOINT_URL",
      /STORAGE_S3_SECRET_KEY/,
    ],
    [
      "an endpoint of another protocol",
      { ...bucket, STORAGE_S3_ENDPOINT_URL: "git+https://h" },
      "STORAGE_S3_ENDPOINT_URL",
      /http\(s\)/,
    ],
    [
      "an endpoint with a user name alone",
      { ...bucket, STORAGE_S3_ENDPOINT_URL: "http://canary@h" },
      "STORAGE_S3_ENDPOINT_URL",
      /STORAGE_S3_ACCESS_KEY/,
    ],
    [
      "an endpoint with a password alone",
      { ...bucket, STORAGE_S3_ENDPOINT_URL: "http://:canary-secret@h" },
      "STORAGE_S3_ENDPOINT_URL",
      /STORAGE_S3_SECRET_KEY/,
    ],
    [
      "an endpoint with a query",
      { ...bucket, STORAGE_S3_ENDPOINT_URL: "http://h/?a=canary-secret" },
      "STORAGE_S3_ENDPOINT_URL",
      /query/,
    ],
    [
      "an endpoint with a bare question mark",
      { ...bucket, STORAGE_S3_ENDPOINT_URL: "http://h/?" },
      "STORAGE_S3_ENDPOINT_URL",
      /query/,
    ],
    [
      "an endpoint with a fragment",
      { ...bucket, STORAGE_S3_ENDPOINT_URL: "http://h/#a" },
      "STORAGE_S3_ENDPOINT_URL",
      /fragment/,
    ],
    [
      "a malformed public endpoint",
      { ...bucket, STORAGE_S3_PUBLIC_ENDPOINT_URL: "ftp://h" },
      "STORAGE_S3_PUBLIC_ENDPOINT_URL",
      /http\(s\).*https:\/\/s3\.example\.com/,
    ],
    [
      "a gateway that is no URL",
      { ...gateway, STORAGE_LOCAL_GATEWAY_URL: "/s3/uploads" },
      "STORAGE_LOCAL_GATEWAY_URL",
      /http:\/\/localhost:3000\/s3\/uploads/,
    ],
    [
      "a gateway without a bucket",
      { ...gateway, STORAGE_LOCAL_GATEWAY_URL: "http://h//" },
      "STORAGE_LOCAL_GATEWAY_URL",
      /no bucket at its end/,
    ],
    [
      "a gateway with a password",
      { ...gateway, STORAGE_LOCAL_GATEWAY_URL: "http://u:canary-secret@h/b" },
      "STORAGE_LOCAL_GATEWAY_URL",
      /STORAGE_LOCAL_SECRET_KEY/,
    ],
    ["a malformed public address", { STORAGE_PUBLIC_URL: "cdn.example.com" }, "STORAGE_PUBLIC_URL", /https:\/\/cdn/],
    [
      "a malformed boolean",
      { ...bucket, STORAGE_S3_FORCE_PATH_STYLE: "maybe" },
      "STORAGE_S3_FORCE_PATH_STYLE",
      /"maybe".*true or false/,
    ],
    [
      "what ends as a boolean",
      { ...bucket, STORAGE_S3_FORCE_PATH_STYLE: "untrue" },
      "STORAGE_S3_FORCE_PATH_STYLE",
      /true or false/,
    ],
    [
      "what ends as a number",
      { ...bucket, STORAGE_S3_FORCE_PATH_STYLE: "10" },
      "STORAGE_S3_FORCE_PATH_STYLE",
      /true or false/,
    ],
    [
      "a long boolean",
      { ...bucket, STORAGE_S3_FORCE_PATH_STYLE: `${"x".repeat(40)}canary` },
      "STORAGE_S3_FORCE_PATH_STYLE",
      /"x{40}": set/,
    ],
  ])("refuses %s, naming the variable and what to do, without a secret", (_case, values, variable, advice) => {
    const error = refusal(values);
    expect(error.code).toBe("invalid-option");
    expect(error.message.startsWith(variable)).toBe(true);
    expect(error.message).toMatch(advice);
    expect(error.message).not.toContain("canary");
  });
});
