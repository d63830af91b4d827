/** The name of a user, which becomes a part of keys. */
import { getRouterParam, type H3Event } from "h3";
import { Refused } from "../http/errors.ts";

/** The user whom a path names, or 400. */
export function userOf(event: H3Event): string {
  return toUser(decoded(getRouterParam(event, "id") ?? ""));
}

/** Undefined for what is not percent-encoded UTF-8. */
function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

/** A user's name that is safe in a key, or 400. */
export function toUser(value: string | undefined): string {
  if (value !== undefined && /^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$/u.test(value)) return value;
  throw new Refused(
    400,
    "invalid-user",
    "A user is 1 to 64 letters, digits, or . _ @ - and begins with a letter or digit, such as /users/42/avatar.",
  );
}
