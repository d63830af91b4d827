/** The name of a user, which becomes a part of keys. */
import { Refused } from "../http/errors.ts";

/** A user's name that is safe in a key, or 400. */
export function toUser(value: string | undefined): string {
  if (value !== undefined && /^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$/u.test(value)) return value;
  throw new Refused(
    400,
    "invalid-user",
    "A user is 1 to 64 letters, digits, or . _ @ - and begins with a letter or digit, such as /users/42/avatar.",
  );
}
