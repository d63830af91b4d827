/**
 * What a refusal teaches, so that the operation can be signed anew: the store's time, the bucket's region, that keys have expired or were
 * replaced. Each cause is mended once per operation.
 */
import { heeding } from "../../src/abort.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import { type Answer, type Complaint, readComplaint } from "./complaint.ts";
import { isMisplaced, regionIn } from "./region.ts";
import type { Operation, Signed } from "./request.ts";
import type { Settings } from "./settings.ts";
import { isUntimely } from "./skew.ts";
import type { WireResponse } from "./transport.ts";

/** Codes for keys that have expired or were replaced, so that their id is gone or has another secret. */
const ENDED = [
  ...["ExpiredToken", "InvalidToken", "TokenRefreshRequired"],
  ...["InvalidAccessKeyId", "SignatureDoesNotMatch", "XAdminUserNotFound"],
];

const isEnded = (code: string | undefined): boolean => code !== undefined && ENDED.includes(code);

function isSame(one: Identity, other: Identity): boolean {
  return (["accessKeyId", "secretAccessKey", "sessionToken"] as const).every((name) => one[name] === other[name]);
}

/** Whether a temporary redirect leads to the address that was asked. Others are not followed: whoever sends one would get signatures at will. */
function isRepeat(answer: Answer, url: string): boolean {
  const to = [307, 308].includes(answer.status) ? answer.header("location") : null;
  return to !== null && URL.canParse(to, url) && new URL(to, url).href === new URL(url).href;
}

/** Sends an operation once. */
export type Send = (operation: Operation, identity: Identity) => Promise<WireResponse>;

/** Mends the cause of a refusal if it can; whether the operation, signed anew, may succeed. */
export type Mend = (answer: Answer, complaint: Complaint, signed: Signed, operation: Asked) => Promise<boolean>;

type Asked = Pick<Operation, "method" | "signal">;

type Cause = "time" | "redirect" | "region" | "keys";

/** What mends the refusals of one operation; `send` asks for the bucket. */
export function menderOf({ clock, whereabouts, identity }: Settings, send: Send): Mend {
  const mended = new Set<Cause>();
  /** Notes a cause as mended; false when it was already. */
  const once = (cause: Cause): boolean => {
    const first = !mended.has(cause);
    mended.add(cause);
    return first;
  };

  /** The region and the code in the answer to a request for the bucket, as far as it has them. */
  async function look(method: "HEAD" | "GET", by: Identity, signal?: AbortSignal): Promise<[string?, string?]> {
    const query = method === "GET" ? { location: "" } : {};
    try {
      const response = await send({ method, query, signal }, by);
      const complaint = await readComplaint(response);
      return [regionIn(response, complaint), complaint.code];
    } catch {
      // Nothing was learnt, and the caller gets the refusal itself.
      signal?.throwIfAborted();
      return [];
    }
  }

  /** The region to sign for instead: the one that another operation has learnt meanwhile, else what the answer or the bucket says. */
  async function otherRegion(
    answer: Answer,
    complaint: Complaint,
    signed: Signed,
    operation: Asked,
  ): Promise<string | undefined> {
    const { region } = whereabouts.site;
    if (region !== signed.region) return region;
    const { method, signal } = operation;
    const named = regionIn(answer, complaint);
    // A 400 has a document that gives the reason, unless it answers a HEAD.
    if (named !== undefined || (answer.status === 400 && method !== "HEAD")) return named;
    // AWS names the region in the answer to a HEAD; stores that name it in a document alone have one for a GET.
    return (await look("HEAD", signed.identity, signal))[0] ?? (await look("GET", signed.identity, signal))[0];
  }

  /** Whether a HEAD without a code was refused because its keys have ended: AWS then says 400 or 403 and nothing else. */
  async function areEnded(by: Identity, signal?: AbortSignal): Promise<boolean> {
    // The question is shared: without the signal, since one caller's abort must not end it for the others.
    const ended = identity.areEnded?.(by, async () => isEnded((await look("GET", by))[1]));
    return ended !== undefined && heeding(ended, signal);
  }

  return async (answer, complaint, signed, operation) => {
    const { code } = complaint;
    const { method, signal } = operation;
    if (mended.has("time")) {
      // The time that was learnt did not help: the answer's Date may be a cache's, or wrong.
      if (isUntimely(answer, code)) clock.forget();
    } else if (clock.learn(answer, code, signed.time)) return once("time");
    if (isRepeat(answer, signed.url) && once("redirect")) return true;
    if (isMisplaced(answer, complaint)) {
      if (mended.has("region")) return false;
      const region = await otherRegion(answer, complaint, signed, operation);
      if (whereabouts.learn(region, signed.region)) return once("region");
    }
    const unexplained = method === "HEAD" && code === undefined && [400, 403].includes(answer.status);
    if ((!unexplained && !isEnded(code)) || !once("keys")) return false;
    if (unexplained && !(await areEnded(signed.identity, signal))) return false;
    return !isSame(await identity(signal, signed.identity), signed.identity);
  };
}
