/** Options of the S3 driver that reach a provider, to be spread into its options. */
import { refuse } from "../../../src/options.ts";
import type { S3Options } from "../options.ts";

/** The options that a provider decides. */
export type ProviderOptions = Pick<
  S3Options,
  "endpoint" | "region" | "forcePathStyle" | "bulkDelete" | "conditionalWrites"
>;

/** Where a bucket is. */
export interface Regional {
  /** As the provider names it. */
  readonly region: string;
}

/** The address of a server of one's own. */
export interface Hosted {
  /** Base address of the server. */
  readonly endpoint: string;
  /** As the server is configured. Default: the server's own default. */
  readonly region?: string | undefined;
}

/** AWS S3. Its region is given, since `AWS_REGION` may be the region of a function and not of the bucket. */
export function aws({ region }: Regional): ProviderOptions {
  return { region: label("region", region) };
}

/**
 * Cloudflare R2. The id is shown in the dashboard; `jurisdiction` is the bucket's, if it was made in one.
 * @see https://developers.cloudflare.com/r2/reference/data-location/
 */
export function r2(options: {
  readonly accountId: string;
  readonly jurisdiction?: "eu" | "fedramp" | undefined;
}): ProviderOptions {
  const { accountId, jurisdiction } = options;
  const place = jurisdiction === undefined ? "" : `.${label("jurisdiction", jurisdiction)}`;
  return { endpoint: `https://${label("accountId", accountId)}${place}.r2.cloudflarestorage.com`, region: "auto" };
}

/** Backblaze B2. It refuses checksums, without which the driver sends no DeleteObjects: keys are deleted one by one. */
export function b2({ region }: Regional): ProviderOptions {
  return { endpoint: `https://s3.${label("region", region)}.backblazeb2.com`, region, bulkDelete: false };
}

/** Google Cloud Storage by its XML API, with HMAC keys. */
export function gcs(): ProviderOptions {
  return { endpoint: "https://storage.googleapis.com", region: "auto" };
}

/** Tigris, which wants the bucket in the host name. */
export function tigris(): ProviderOptions {
  return { endpoint: "https://t3.storage.dev", region: "auto", forcePathStyle: false };
}

/** DigitalOcean Spaces; a region is `fra1`. */
export function spaces({ region }: Regional): ProviderOptions {
  return { endpoint: `https://${label("region", region)}.digitaloceanspaces.com`, region };
}

/** Wasabi; a region is `eu-central-1`. */
export function wasabi({ region }: Regional): ProviderOptions {
  return { endpoint: `https://s3.${label("region", region)}.wasabisys.com`, region };
}

/** MinIO. */
export function minio(options: Hosted): ProviderOptions {
  return own(options, "us-east-1");
}

/** SeaweedFS. */
export function seaweedfs(options: Hosted): ProviderOptions {
  return own(options, "us-east-1");
}

/** versitygw, which refuses a wrong region. */
export function versitygw(options: Hosted): ProviderOptions {
  return own(options, "us-east-1");
}

/** Ceph RADOS Gateway. */
export function ceph(options: Hosted): ProviderOptions {
  return own(options, "us-east-1");
}

/** Garage. It refuses another region than `s3_region` of its configuration, and ignores conditions of writes, so the driver refuses these. */
export function garage(options: Hosted): ProviderOptions {
  return { ...own(options, "garage"), conditionalWrites: false };
}

/** A server of one's own. Its region is always given, so that the driver does not take `AWS_REGION`, which is meant for another store. */
function own({ endpoint, region }: Hosted, usual: string): ProviderOptions {
  // Without an endpoint the driver would ask AWS.
  if (!endpoint) throw refuse("endpoint", "is missing; give the server's address, such as http://localhost:9000");
  return { endpoint, region: region || usual };
}

/** A value that becomes a label of a host name: anything else could lead to another host. */
function label(option: string, value: string): string {
  if (typeof value === "string" && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(value)) return value;
  throw refuse(option, "must be letters, digits and hyphens, as the provider writes it");
}
