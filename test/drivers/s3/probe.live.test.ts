import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import s3 from "../../../drivers/s3.ts";
import { format, probe } from "../../../drivers/s3/probe.ts";
import { type Feature, FEATURE_NAMES } from "../../../drivers/s3/probe/feature.ts";
import { profiles, type Provider } from "../../../drivers/s3/providers.ts";
import type { Driver } from "../../../src/driver.ts";
import { freshBucket, keepVersions, servers, type S3Server, signed } from "../../support/s3.ts";

function on({ endpoint, accessKeyId, secretAccessKey, region }: S3Server, bucket: string): Driver {
  return s3({ bucket, endpoint, accessKeyId, secretAccessKey, region });
}

const here = servers.filter(({ name }) => Object.hasOwn(profiles, name));

describe.each(here)("a probe of $name", (server) => {
  it("finds what its profile says that ran, and no more, and leaves nothing", async () => {
    const bucket = await freshBucket(server);
    await on(server, bucket).upload("kept", "x");
    const report = await probe(on(server, bucket));
    console.log(`${server.name}: ${format(report).split("\n")[0]}`);

    const { facts } = profiles[server.name as Provider];
    const answers = (of: (feature: Feature) => string): object =>
      Object.fromEntries(FEATURE_NAMES.map((feature) => [feature, of(feature)]));
    expect(answers((feature) => report.findings[feature].answer)).toEqual(
      answers((feature) => (facts[feature].how === "ran" ? facts[feature].answer : "unknown")),
    );
    expect(report.left).toEqual([]);
    const listed = await (await signed(server, "GET", `${bucket}?list-type=2`)).text();
    expect([...listed.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key)).toEqual(["kept"]);
    expect(await (await signed(server, "GET", `${bucket}?uploads`)).text()).not.toContain("<Upload>");
  });
});

describe.each(servers.filter(({ name }) => name === "minio"))(
  "a probe of a bucket with versions on $name",
  (server) => {
    it("leaves neither versions nor delete markers", async () => {
      const bucket = await keepVersions(server, await freshBucket(server));
      const report = await probe(on(server, bucket));
      expect(report.left).toEqual([]);
      const listed = await (await signed(server, "GET", `${bucket}?versions`)).text();
      expect(listed).toContain("<ListVersionsResult");
      expect(listed).not.toMatch(/<Version>|<DeleteMarker>/);
    });
  },
);

describe.each(servers.filter(({ name }) => name === "ceph"))("the profile of $name", () => {
  it("is of the version that runs", () => {
    const [version] = /\d+\.\d+/.exec(execFileSync("radosgw", ["--version"], { encoding: "utf8" })) ?? [];
    expect(profiles.ceph.facts.crc32).toMatchObject({ version });
  });
});
