/** Presigned URLs of a folder: requests to a gateway over it, signed as those to S3 are. */
import type { Backend } from "../../src/backend.ts";
import { driverOptions, httpUrl, refuse } from "../../src/options.ts";

/** The gateway before a folder (`unbucket/gateway`), as its clients see it. */
export interface FolderGateway {
  /** The address of the bucket, such as `https://example.com/s3/uploads`: the gateway's `endpoint` and `bucket`. */
  readonly url: string;
  /** Of the gateway's `credentials`. */
  readonly accessKeyId: string;
  /** Of the gateway's `credentials`. */
  readonly secretAccessKey: string;
  /** The gateway's. Default `us-east-1`. */
  readonly region?: string | undefined;
}

/** Signs for a gateway, and asks nobody; rejects `invalid-option` for one that cannot be. */
export function presigner(gateway: FolderGateway): NonNullable<Backend["presign"]> {
  driverOptions(gateway, { url: "string", accessKeyId: "string", secretAccessKey: "string", region: "string" });
  const { url, accessKeyId, secretAccessKey, region = "us-east-1" } = gateway;
  const { origin, pathname } = httpUrl("gateway.url", url);
  if (!accessKeyId || !secretAccessKey) throw refuse("gateway", "needs accessKeyId and secretAccessKey");
  const path = `${pathname.replace(/\/+$/, "")}/`;
  const bucket = path.split("/").at(-2);
  if (!bucket) throw refuse("gateway.url", "must end with the name of the bucket: https://example.com/s3/uploads");
  const signer = { identity: { accessKeyId, secretAccessKey }, region, bucket, address: { origin, path }, base: "" };
  return async (key, options) => {
    // Few folders presign, and loading what signs takes as long as a good part of the rest.
    const { presign } = await import("../../src/s3/presign.ts");
    return presign({ ...signer, now: Date.now() }, key, options);
  };
}
