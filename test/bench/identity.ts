/** Whose bucket is measured: the null server asks for neither. */
export const BUCKET = "bench";
export const REGION = "us-east-1";
export const KEYS = { accessKeyId: "AKIDBENCH", secretAccessKey: "bench-secret-bench-secret-bench-secret-0" } as const;

/** Stands where the hash of a body would. */
export const NONE: string = "0".repeat(64);

/** The headers of a signed request without the work of signing, so that floors send as many bytes as clients do. */
export const SIGNED: Readonly<Record<string, string>> = {
  authorization: `AWS4-HMAC-SHA256 Credential=${KEYS.accessKeyId}/20240101/${REGION}/s3/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, Signature=${"0".repeat(64)}`,
  "x-amz-date": "20240101T000000Z",
};
