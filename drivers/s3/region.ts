/**
 * Where the bucket answers and which region signs for it: configured, until a refusal tells better.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html
 */
import type { Address } from "../../src/s3/url.ts";
import type { Answer, Complaint } from "./complaint.ts";

/** Region and addresses of the bucket. */
export interface Site {
  readonly region: string;
  readonly address: Address;
  /** As clients of presigned URLs see it. */
  readonly publicAddress: Address;
}

const MISPLACED = ["PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed"];

/** Whether a region may become part of a signature and of a host name. */
export function isRegion(name: string): boolean {
  return /^[a-z0-9-]{1,63}$/.test(name);
}

/** Whether a refusal says, or without a body may say, that the bucket is elsewhere. */
export function isMisplaced({ status }: Answer, { code }: Complaint): boolean {
  return code === undefined ? [301, 307, 308, 400].includes(status) : MISPLACED.includes(code);
}

/** The region that an answer names: in its header, in its document, or on AWS in the host that it redirects to. */
export function regionIn(answer: Answer, complaint: Complaint): string | undefined {
  const host = /^https:\/\/(?:[\w.-]+\.)?s3[.-]([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\//;
  const named = [
    answer.header("x-amz-bucket-region"),
    complaint.region,
    host.exec(answer.header("location") ?? "")?.[1],
  ];
  return named.find((region) => typeof region === "string" && isRegion(region)) ?? undefined;
}

/** What a client knows of where its bucket is. */
export class Whereabouts {
  #site: Site;
  readonly #siteIn: (region: string) => Site;

  /** `siteIn` gives the site for a region; the addresses of an endpoint of one's own are the same for every region. */
  constructor(region: string, siteIn: (region: string) => Site) {
    this.#site = siteIn(region);
    this.#siteIn = siteIn;
  }

  get site(): Site {
    return this.#site;
  }

  /** Takes over a region that was learnt; whether a request that was signed for `signed` may now succeed. */
  learn(region: string | undefined, signed: string): boolean {
    // Regions in China have other keys, and hosts under another domain.
    if (region === undefined || region.startsWith("cn-") !== signed.startsWith("cn-")) return false;
    if (region !== this.#site.region) this.#site = this.#siteIn(region);
    return region !== signed;
  }
}
