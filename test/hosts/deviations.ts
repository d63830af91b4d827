/** What hosts do to requests and answers, each with its reason. The checks assert that these fail, so that a row goes when a host learns it. */
import type { Preset } from "./host.ts";

/** Names of checks with reasons. */
export type Deviations = Readonly<Record<string, string>>;

/** Where an app without a build runs. */
export const platforms = ["node", "bun", "deno", "workerd"] as const;

/** One of {@link platforms}. */
export type Platform = (typeof platforms)[number];

const onBun: Deviations = {
  "content-length, of the whole and of a range": "Bun sends a response whose body is a stream in chunks",
};

const buffered: Deviations = {
  "an upload goes on to the store while it comes": "nitropack reads the body whole before it calls the handler",
  "a form's file goes on to the store while it comes": "nitropack reads the body whole before it calls the handler",
  "HEAD: content-length": "nitropack takes the header away",
  "S3: size by HEAD": "nitropack takes the header away, in whose place Bun and Deno say 0",
};

/** Nitro 2, which Nuxt 4 is built on: its presets other than Node's hand requests on as objects of their own. */
export const ofNitropack: Readonly<Record<Preset, Deviations>> = {
  "node-server": {},
  bun: {
    ...buffered,
    ...onBun,
    "S3: bytes up, and down again whole and by range": "GET says no length, and HEAD a wrong one",
  },
  "deno-server": buffered,
  "cloudflare-module": {
    ...buffered,
    "S3: type and metadata by HEAD": "the S3 driver takes no object whose length is not told",
    "S3: a copy": "the S3 driver asks for the length first",
  },
};

export const ofNitro: Readonly<Record<Preset, Deviations>> = {
  "node-server": {},
  bun: onBun,
  "deno-server": {},
  "cloudflare-module": {},
};

export const ofPlatforms: Readonly<Record<Platform, Deviations>> = { node: {}, bun: onBun, deno: {}, workerd: {} };

/** What servers make of keys, see test/deviations.ts. */
export const ofServers: Readonly<Record<string, Deviations>> = {
  minio: { "a key with two slashes": "refuses an empty segment" },
  seaweedfs: { "a key with a slash at the end": "stores a folder, without its bytes" },
};
