/** What a refusal teaches: the time, the region, that keys have expired. Each is mended once per operation. */
import type { Identity } from "../../src/sigv4/sign.ts";
import { type Answer, type Complaint, readComplaint } from "./complaint.ts";
import { isMisplaced, regionIn } from "./region.ts";
import type { Operation, Signed } from "./request.ts";
import type { Settings } from "./settings.ts";
import { isUntimely } from "./skew.ts";
import type { WireResponse } from "./transport.ts";

const EXPIRED = ["ExpiredToken", "InvalidToken", "TokenRefreshRequired"];

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

  /** A HEAD of the bucket names the region on AWS; stores that name it in documents only answer a GET with one. */
  async function ask(by: Identity, signal: AbortSignal | undefined): Promise<string | undefined> {
    for (const method of ["HEAD", "GET"] as const) {
      const query = method === "GET" ? { location: "" } : {};
      try {
        const response = await send({ method, query, signal }, by);
        const region = regionIn(response, await readComplaint(response));
        if (region) return region;
      } catch {
        // Then the refusal itself is what there is to tell.
        signal?.throwIfAborted();
      }
    }
    return undefined;
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
      return whereabouts.learn(region, signed.region) && once("region");
    }
    if (code === undefined || !EXPIRED.includes(code) || !once("keys")) return false;
    const fresh = await identity(signal, signed.identity);
    return fresh.accessKeyId !== signed.identity.accessKeyId || fresh.sessionToken !== signed.identity.sessionToken;
  };
}
