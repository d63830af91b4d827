/** What AWS calls the documents that people paste into its console, and the same documents on the wire. */
import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { Block } from "./blocks.ts";

/** A JSON block by what it is. */
export type AwsDocument =
  | { readonly kind: "policy"; readonly policy: Policy }
  | { readonly kind: "lifecycle"; readonly rules: readonly LifecycleRule[] }
  | { readonly kind: "cors"; readonly rules: readonly CorsRule[] };

interface Policy {
  readonly Version: string;
  readonly Statement: readonly {
    readonly Effect: string;
    readonly Action: readonly string[];
    readonly Resource: string;
  }[];
}

interface LifecycleRule {
  readonly ID: string;
  readonly Status: string;
  readonly Filter: { readonly Prefix: string };
  readonly AbortIncompleteMultipartUpload: { readonly DaysAfterInitiation: number };
}

type CorsRule = Readonly<Record<string, readonly string[] | number>>;

/**
 * The actions that exist, of those that are of any use here, by what they are granted on.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
const ACTIONS: Readonly<Record<string, "object" | "bucket">> = {
  "s3:PutObject": "object",
  "s3:GetObject": "object",
  "s3:DeleteObject": "object",
  "s3:AbortMultipartUpload": "object",
  "s3:ListMultipartUploadParts": "object",
  "s3:ListBucket": "bucket",
  "s3:ListBucketMultipartUploads": "bucket",
};

/** Parses a block and says what it is; one that is nothing known throws. */
export function parseAws({ code, place }: Block): AwsDocument {
  const value: unknown = JSON.parse(code);
  if (Array.isArray(value) && "AllowedMethods" in value[0]) return { kind: "cors", rules: value as CorsRule[] };
  if (typeof value === "object" && value !== null && "Statement" in value)
    return { kind: "policy", policy: value as Policy };
  if (typeof value === "object" && value !== null && "Rules" in value)
    return { kind: "lifecycle", rules: value.Rules as LifecycleRule[] };
  throw new Error(`${place}: the block is no policy, lifecycle or CORS document`);
}

/** Holds a document against AWS's grammar, as far as it is used here. */
export function checkAws(document: AwsDocument): void {
  if (document.kind === "policy") {
    expect(document.policy.Version).toBe("2012-10-17");
    for (const { Effect, Action, Resource } of document.policy.Statement) {
      expect(Effect).toBe("Allow");
      const on = Resource === "arn:aws:s3:::my-bucket/*" ? "object" : "bucket";
      if (on === "bucket") expect(Resource).toBe("arn:aws:s3:::my-bucket");
      expect(Action.filter((action) => ACTIONS[action] !== on)).toEqual([]);
    }
  } else if (document.kind === "lifecycle") {
    for (const rule of document.rules) {
      expect(Object.keys(rule).sort()).toEqual(["AbortIncompleteMultipartUpload", "Filter", "ID", "Status"]);
      expect(rule.Status).toBe("Enabled");
      expect(rule.AbortIncompleteMultipartUpload.DaysAfterInitiation).toBeGreaterThan(0);
    }
  } else {
    const names = ["AllowedHeaders", "AllowedMethods", "AllowedOrigins", "ExposeHeaders", "MaxAgeSeconds"];
    for (const rule of document.rules) {
      expect(Object.keys(rule).sort()).toEqual(names);
      expect(rule["AllowedMethods"]).toContain("PUT");
      expect(rule["AllowedHeaders"]).toContain("content-type");
      expect(rule["ExposeHeaders"]).toContain("ETag");
      // R2: scheme, host and port alone.
      for (const origin of rule["AllowedOrigins"] as string[]) expect(new URL(origin).origin).toBe(origin);
    }
  }
}

/** A lifecycle or CORS document as PutBucketLifecycleConfiguration or PutBucketCors sends it. */
export function toXml(document: Exclude<AwsDocument, { kind: "policy" }>): string {
  if (document.kind === "lifecycle") {
    const rules = document.rules.map(
      ({ ID, Status, Filter, AbortIncompleteMultipartUpload: { DaysAfterInitiation } }) =>
        `<Rule><ID>${ID}</ID><Status>${Status}</Status><Filter><Prefix>${Filter.Prefix}</Prefix></Filter>` +
        `<AbortIncompleteMultipartUpload><DaysAfterInitiation>${DaysAfterInitiation}</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>`,
    );
    return `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rules.join("")}</LifecycleConfiguration>`;
  }
  const rules = document.rules.map((rule) => {
    const elements = Object.entries(rule).flatMap(([name, value]) =>
      [value].flat().map((one) => {
        const element = name === "MaxAgeSeconds" ? name : name.replace(/s$/, "");
        return `<${element}>${one}</${element}>`;
      }),
    );
    return `<CORSRule>${elements.join("")}</CORSRule>`;
  });
  return `<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rules.join("")}</CORSConfiguration>`;
}

/** The header that these two operations insist on. */
export function md5(text: string): string {
  return createHash("md5").update(text).digest("base64");
}
