/**
 * Keeps other sites' pages from reading or changing anything by a name of their own that leads here.
 *
 * Whoever owns a name can let it lead to 127.0.0.1 (DNS rebinding). For the browser the app is then a part of that site, and
 * `Origin` and `Sec-Fetch-Site` agree. Only `Host` tells: it carries the name that the browser was given.
 */
import { Refused } from "./errors.ts";

const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * The names that a server may be called by, without port, or null for any.
 *
 * On a loopback address: the names of that address. On another one the server cannot know its names: any. `named`, which is
 * `ALLOWED_HOSTS`, adds to the first and restricts the second.
 *
 * @param listensOn The address or name that the server listens on: `HOST`.
 * @param named Further names, joined by commas.
 */
export function allowedHosts(listensOn: string, named: string = ""): ReadonlySet<string> | null {
  const names = named.split(",").map((name) => name.trim());
  const further = names.filter((name) => name !== "");
  if (!isLoopback(listensOn) && further.length === 0) return null;
  return new Set([...LOOPBACK, inUrl(listensOn), ...further].map(withoutPort));
}

/** Whether only this machine reaches an address or name to listen on. */
export function isLoopback(listensOn: string): boolean {
  const name = inUrl(listensOn).toLowerCase();
  return LOOPBACK.includes(name) || /^127\.\d+\.\d+\.\d+$/.test(name);
}

function inUrl(listensOn: string): string {
  return listensOn.includes(":") && !listensOn.startsWith("[") ? `[${listensOn}]` : listensOn;
}

/** Throws 421 for a request to a name that is none of these. */
export function refuseOtherHosts(request: Request, allowed: ReadonlySet<string> | null): void {
  if (allowed === null || allowed.has(withoutPort(request.headers.get("host") ?? ""))) return;
  throw new Refused(
    421,
    "unknown-host",
    "This server is not known by the name in Host. Call it localhost, or add the name to ALLOWED_HOSTS and start it again.",
  );
}

function withoutPort(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, "");
}
