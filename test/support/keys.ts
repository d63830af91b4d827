/** Keys that a function gives anew, and a store that refuses the older ones. */
import { type Mock, vi } from "vitest";
import type { Credentials } from "../../drivers/s3/options.ts";
import { type Answer, failure, happy, type Script } from "./wire.ts";

/** The keys that are given at the nth time. */
export const keys = (version: number, expiration?: Date): Credentials => ({
  accessKeyId: `AKID${version}`,
  secretAccessKey: "secret",
  sessionToken: `token-${version}`,
  expiration,
});
/** A credentials function, watched. */
export const provider = (give: (version: number) => Credentials = keys): Mock<() => Promise<Credentials>> => {
  let version = 0;
  return vi.fn(async () => give(++version));
};
/** A store that takes the tokens from `first` on. */
export const accepting =
  (first: number, refusal: Answer = failure(400, "ExpiredToken", "The provided token has expired.")): Script =>
  (request) =>
    Number(request.headers["x-amz-security-token"]?.split("-")[1]) >= first ? happy(request) : refusal;

/** Options without the keys that a stub has. */
export const ownKeys = { accessKeyId: undefined, secretAccessKey: undefined } as object;
