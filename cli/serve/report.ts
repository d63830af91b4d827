/** The lines that `unbucket serve` prints when it is ready. */
import type { Credentials } from "./credentials.ts";

/** A running endpoint. */
export interface Served {
  readonly url: string;
  readonly base: string;
  /** Whether the folder exists already. */
  readonly exists: boolean;
  readonly bucket: string;
  readonly region: string;
  readonly credentials: Credentials;
}

/** The lines to print. Keys are printed only if they were generated. */
export function report({ url, base, exists, bucket, region, credentials }: Served): readonly string[] {
  const { accessKeyId, secretAccessKey, made } = credentials;
  const aws = `aws --endpoint-url ${url} --region ${region} s3 ls s3://${bucket}`;
  const options = `bucket: "${bucket}", endpoint: "${url}", region: "${region}"`;
  const [variables, keys] = made
    ? [
        `AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey} `,
        `accessKeyId: "${accessKeyId}", secretAccessKey: "${secretAccessKey}"`,
      ]
    : ["", "accessKeyId, secretAccessKey"];
  return [
    "",
    `  unbucket serve   ${url}`,
    `  Folder           ${base}${exists ? "" : " (not there: the first upload makes it)"}`,
    `  Bucket           ${bucket}`,
    ...(made ? [`  Access key       ${accessKeyId}`, `  Secret key       ${secretAccessKey}`] : []),
    "",
    `  aws cli          ${variables}${aws}`,
    `  In code          s3({ ${options}, ${keys} })`,
    "",
  ];
}
