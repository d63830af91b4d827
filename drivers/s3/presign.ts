/** Presigning for the address that clients see. */
import type { BackendPresignOptions, Key, Presigned } from "../../src/backend.ts";
import { presign } from "../../src/s3/presign.ts";
import type { Settings } from "./settings.ts";

/** Asks nobody but the credentials. */
export async function presignObject(settings: Settings, key: Key, options: BackendPresignOptions): Promise<Presigned> {
  const identity = await settings.identity(options.signal);
  const { bucket, base, headers, clock } = settings;
  const { region, publicAddress: address } = settings.whereabouts.site;
  return presign({ identity, region, bucket, address, base, headers, now: clock.now() }, key, options);
}
