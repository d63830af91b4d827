import { describe, expect, it } from "vitest";
import { bucketLocation } from "../../../src/gateway/bucket.ts";
import type { Call } from "../../../src/gateway/call.ts";
import { asking, refusalOf } from "./asked.ts";

describe("listBuckets", () => {
  it.each([
    ["", true],
    ["?prefix=buck", true],
    ["?prefix=other", false],
    ["?bucket-region=us-east-1", true],
    ["?bucket-region=eu-west-1", false],
  ])("names the bucket where it is among those that are asked for: %s", async (query, named) => {
    const { ask } = asking();
    const text = await (await ask("GET", query)).text();
    expect(text.includes("<Name>bucket</Name>")).toBe(named);
  });
});

describe("bucketExists", () => {
  it("says where the bucket is", async () => {
    const { ask } = asking();
    const response = await ask("HEAD", "bucket");
    expect([response.status, response.headers.get("x-amz-bucket-region")]).toEqual([200, "us-east-1"]);
    expect((await ask("HEAD", "other")).status).toBe(404);
  });
});

describe("createBucket", () => {
  const configuration = (inner: string): string => `<CreateBucketConfiguration>${inner}</CreateBucketConfiguration>`;

  it.each<[string, string | undefined]>([
    ["nothing", undefined],
    ["an empty body", ""],
    ["the region", configuration("<LocationConstraint>us-east-1</LocationConstraint>")],
    ["an empty configuration", configuration("")],
  ])("is content where the bucket is as it should be: %s", async (_, body) => {
    const headers = new Headers(body === "" ? { "content-length": "0" } : {});
    const response = await asking().ask("PUT", "bucket", body === undefined ? {} : { body, headers });
    expect([response.status, response.headers.get("location")]).toEqual([200, "/bucket"]);
  });

  it.each([
    [
      "another region",
      configuration("<LocationConstraint>eu-west-1</LocationConstraint>"),
      "400 IllegalLocationConstraintException",
    ],
    ["another kind", configuration("<Bucket><Type>Directory</Type></Bucket>"), "501 NotImplemented"],
    ["tags", configuration("<Tags/>"), "501 NotImplemented"],
    ["another document", "<Delete/>", "400 MalformedXML"],
    ["no document", "x", "400 MalformedXML"],
  ])("refuses what it is not: %s", async (_, body, refusal) => {
    expect(await refusalOf(await asking().ask("PUT", "bucket", { body }))).toBe(refusal);
  });

  it("makes no other", async () => {
    expect(await refusalOf(await asking().ask("PUT", "other"))).toBe("501 NotImplemented");
  });
});

describe("bucketLocation", () => {
  it.each([
    ["us-east-1", ""],
    ["eu-west-1", "eu-west-1"],
  ])("is empty in the first region, and named in others: %s", async (region, named) => {
    expect(await bucketLocation({ region } as Call).text()).toContain(`2006-03-01/">${named}</LocationConstraint>`);
  });
});

describe("bucketVersioning", () => {
  it("was never switched on", async () => {
    expect(await (await asking().ask("GET", "bucket?versioning")).text()).toMatch(
      /<VersioningConfiguration [^>]*><\/VersioningConfiguration>$/,
    );
  });
});
