import { expect, it } from "vitest";
import * as providers from "../../../drivers/s3/providers.ts";

/** Where each provider publishes. */
const HOSTS: Readonly<Record<providers.Provider, RegExp>> = {
  aws: /^docs\.aws\.amazon\.com$/,
  r2: /^developers\.cloudflare\.com$/,
  b2: /^www\.backblaze\.com$/,
  gcs: /^cloud\.google\.com$/,
  tigris: /^www\.tigrisdata\.com$/,
  spaces: /^docs\.digitalocean\.com$/,
  wasabi: /^docs\.wasabi\.com$/,
  minio: /^min\.io$/,
  seaweedfs: /^github\.com$/,
  versitygw: /^github\.com$/,
  ceph: /^docs\.ceph\.com$/,
  garage: /^garagehq\.deuxfleurs\.fr$/,
};

it("profiles has a profile for every function that gives options, and the other way round", () => {
  const { profiles, ...functions } = providers;
  expect(Object.keys(profiles).sort()).toEqual(Object.keys(functions).sort());
  expect(new Set(Object.values(profiles).map(({ name }) => name)).size).toBe(12);
});

it.each(Object.entries(providers.profiles))("each page that tells of %s is its own", (name, { facts, limits }) => {
  const pages = [...Object.values(facts), ...Object.values(limits)].flatMap((known) =>
    "page" in known ? known.page : [],
  );
  const elsewhere = pages.filter((page) => !HOSTS[name as providers.Provider].test(new URL(page).host));
  expect(elsewhere).toEqual([]);
});

it("profiles are plain data", () => {
  expect(JSON.parse(JSON.stringify(providers.profiles))).toEqual(providers.profiles);
});
