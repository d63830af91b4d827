/** The CORS rule of a bucket, for stores that take one. */
import { md5 } from "../docs/aws.ts";
import { type S3Server, signed } from "../support/s3.ts";

/** Lets every page in, with every header, and shows it these. */
export async function openToPages(server: S3Server, bucket: string, exposed: readonly string[] = ["*"]): Promise<void> {
  const all = (name: string, values: readonly string[]): string =>
    values.map((value) => `<${name}>${value}</${name}>`).join("");
  const rule = [
    all("AllowedOrigin", ["*"]),
    all("AllowedMethod", ["GET", "HEAD", "PUT", "POST", "DELETE"]),
    all("AllowedHeader", ["*"]),
    all("ExposeHeader", exposed),
    "<MaxAgeSeconds>3600</MaxAgeSeconds>",
  ];
  const body = `<CORSConfiguration><CORSRule>${rule.join("")}</CORSRule></CORSConfiguration>`;
  const answer = await signed(server, "PUT", `${bucket}?cors`, { body, headers: { "content-md5": md5(body) } });
  if (!answer.ok) throw new Error(`${server.name} took no CORS rule: ${answer.status} ${await answer.text()}`);
}
