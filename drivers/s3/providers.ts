/** Options that reach a provider, and what the provider is known to do: `unbucket/providers`. */
import * as hosted from "./providers/hosted.ts";
import type { Profile } from "./providers/profile.ts";
import * as servers from "./providers/servers.ts";

export type { Feature } from "./probe/feature.ts";
export * from "./providers/options.ts";
export type { Fact, Limit, Limits, Profile } from "./providers/profile.ts";

/** The name of a provider. */
export type Provider = keyof typeof hosted | keyof typeof servers;

/** What each provider is known to do, with sources. `drivers/providers.md` has the same facts as a table. */
export const profiles: Readonly<Record<Provider, Profile>> = {
  ...{ aws: hosted.aws, r2: hosted.r2, b2: hosted.b2, gcs: hosted.gcs, tigris: hosted.tigris },
  ...{ spaces: hosted.spaces, wasabi: hosted.wasabi },
  ...{ minio: servers.minio, seaweedfs: servers.seaweedfs, versitygw: servers.versitygw },
  ...{ ceph: servers.ceph, garage: servers.garage },
};
