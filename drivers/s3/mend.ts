/** What a refusal teaches: the time, the region, that keys have expired or were replaced. Each is mended once per operation. */
import { heeding } from "../../src/abort.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import { type Answer, type Complaint, readComplaint } from "./complaint.ts";
import { isMisplaced, regionIn } from "./region.ts";
import type { Operation, Signed } from "./request.ts";
import type { Settings } from "./settings.ts";
import { isUntimely } from "./skew.ts";
import type { WireResponse } from "./transport.ts";

/** Keys that have ended, or that were replaced: their id is gone, or has another secret. */
const ENDED = [
  ...["ExpiredToken", "InvalidToken", "TokenRefreshRequired"],
  ...["InvalidAccessKeyId", "SignatureDoesNotMatch", "XAdminUserNotFound"],
];

const isEnded = (code: string | undefined): boolean => code !== undefined && ENDED.includes(code);

function isSame(one: Identity, other: Identity): boolean {
  return (["accessKeyId", "secretAccessKey", "sessionToken"] as const).every((name) => one[name] === other[name]);
}

/** Whether a temporary redirect leads to the very address that was asked. Signed for another, whoever sends one would get signatures at will. */
function isRepeat(answer: Answer, url: string): boolean {
  const to = [307, 308].includes(answer.status) ? answer.header("location") : null;
  return to !== null && URL.canParse(to, url) && new URL(to, url).href === new URL(url).href;
}

/** Sends an operation once, without repetition. */
export type Send = (operation: Operation, identity: Identity) => Promise<WireResponse>;

/** Whether a refused operation, signed anew, may succeed. */
export type Mend = (
  answer: Answer,
  complaint: Complaint,
  signed: Signed,
  operation: Pick<Operation, "method" | "signal">,
) => Promise<boolean>;

/** Mends what one operation is refused for. */
export function menderOf({ clock, whereabouts, identity }: Settings, send: Send): Mend {
  const mended = new Set<"time" | "redirect" | "region" | "keys">();
  const once = (what: "time" | "redirect" | "region" | "keys"): boolean => {
    const first = !mended.has(what);
    mended.add(what);
    return first;
  };

  /** What a request for the bucket is told, as far as it is told anything. */
  async function look(method: "HEAD" | "GET", by: Identity, signal?: AbortSignal): Promise<[string?, string?]> {
    const query = method === "GET" ? { location: "" } : {};
    try {
      const response = await send({ method, query, signal }, by);
      const complaint = await readComplaint(response);
      return [regionIn(response, complaint), complaint.code];
    } catch {
      // Then the refusal itself is what there is to tell.
      signal?.throwIfAborted();
      return [];
    }
  }

  /** A HEAD of the bucket names the region on AWS; stores that name it in documents only answer a GET with one. */
  async function ask(by: Identity, signal?: AbortSignal): Promise<string | undefined> {
    return (await look("HEAD", by, signal))[0] ?? (await look("GET", by, signal))[0];
  }

  /** Whether keys that have ended are why a HEAD was refused, whose answer has no document: AWS then says 400 or 403 and no more. */
  async function areEnded(by: Identity, signal?: AbortSignal): Promise<boolean> {
    // Who leaves does not end it for the others.
    const ended = identity.areEnded?.(by, async () => isEnded((await look("GET", by))[1]));
    return ended !== undefined && heeding(ended, signal);
  }

  return async (answer, complaint, signed, { method, signal }) => {
    const { code } = complaint;
    if (mended.has("time")) {
      // Kept is only what made the store go on, to a refusal of another kind at least: a Date may be a cache's, or wrong.
      if (isUntimely(answer, code)) clock.forget();
    } else if (clock.learn(answer, code, signed.time)) return once("time");
    if (isRepeat(answer, signed.url) && once("redirect")) return true;
    if (isMisplaced(answer, complaint)) {
      if (mended.has("region")) return false;
      // Another operation may have learnt it meanwhile.
      const known = whereabouts.site.region === signed.region ? undefined : whereabouts.site.region;
      const named = known ?? regionIn(answer, complaint);
      // A 400 has a document that says why, unless it answers a HEAD.
      const silent = named === undefined && (answer.status !== 400 || method === "HEAD");
      const region = silent ? await ask(signed.identity, signal) : named;
      if (whereabouts.learn(region, signed.region)) return once("region");
    }
    const silent = method === "HEAD" && code === undefined && [400, 403].includes(answer.status);
    if ((!silent && !isEnded(code)) || !once("keys")) return false;
    if (silent && !(await areEnded(signed.identity, signal))) return false;
    return !isSame(await identity(signal, signed.identity), signed.identity);
  };
}
