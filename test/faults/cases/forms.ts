/** G1, G2, G4: forms for someone without keys, checked by the server that they are for. */
import { type PostOptions, type PresignedPost, presignPost } from "unbucket/post-policy";
import { ok, same } from "../../../src/conformance/assert.ts";
import { type FaultCase, type Rig, TOKENS } from "../rig.ts";

type Target = Parameters<typeof presignPost>[1];

async function formOf(
  store: ReturnType<Rig["store"]>,
  key: Target,
  options: Partial<PostOptions> = {},
): Promise<PresignedPost> {
  const form = await presignPost(store, key, { contentLength: { max: 5 }, ...options });
  ok(form !== null, "presignPost must give a form");
  return form;
}

/** Sends a form as a browser does, with fields that the client changes or adds; gives the status. */
async function send(
  { url, fields }: PresignedPost,
  file: string,
  change: Readonly<Record<string, string>> = {},
): Promise<number> {
  const data = new FormData();
  for (const [name, value] of Object.entries({ ...fields, ...change })) data.set(name, value);
  data.set("file", new Blob([file], { type: "text/x-part" }), "cat.png");
  const answer = await fetch(url, { method: "POST", body: data, redirect: "manual" });
  await answer.arrayBuffer();
  return answer.status;
}

export const formCases: readonly FaultCase[] = [
  {
    row: "G2",
    name: "a form brings a file, under its key or below its prefix, with the type and the metadata that it says",
    async run(rig) {
      const store = rig.store({ base: "in" });
      const stored = { contentType: "image/png", cacheControl: "no-store", metadata: { a: "ü" } };
      same(await send(await formOf(store, "a b+ü", stored), "12345"), 204, "status");
      same(
        await send(await formOf(store, { prefix: "p/" }, { successStatus: 201 }), "1"),
        201,
        "status below a prefix",
      );
      const info = await store.head("a b+ü");
      same(
        [info?.size, info?.contentType, info?.cacheControl, info?.metadata],
        [5, ...Object.values(stored)],
        "object",
      );
      same((await store.head("p/cat.png"))?.contentType, "application/octet-stream", "type where none is said");
    },
  },
  {
    row: "G2",
    name: "a form with a byte too many, another key, another type, a field more or another policy is refused",
    async run(rig) {
      const store = rig.store();
      const form = await formOf(store, { prefix: "p/" }, { contentType: { prefix: "image/" } });
      const policy = atob(form.fields["policy"] ?? "");
      ok(policy.includes(`-range",0,5]`), `the policy must bind the length: ${policy}`);
      const type = { "Content-Type": "image/png" };
      const refused: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
        ["123456", type, 400],
        ["1", { ...type, key: "other" }, 403],
        ["1", { "Content-Type": "text/html" }, 403],
        ["1", {}, 403],
        ["1", { ...type, acl: "public-read" }, 403],
        ["1", { ...type, policy: btoa(policy.replace(`-range",0,5]`, `-range",0,9]`)) }, 403],
        ["1", { ...type, "x-amz-signature": "0".repeat(64) }, 403],
      ];
      for (const [file, change, status] of refused)
        same(await send(form, file, change), status, `status with ${JSON.stringify(change)}`);
      same(Object.keys((await rig.seen()).objects), [], "objects");
      same(await send(form, "1", type), 204, "status of what it allows");
    },
  },
  {
    row: "G1",
    name: "a form ends when it says, by the time that was learnt",
    async run(rig) {
      await rig.set({ switches: { skew: -3_600_000 } });
      const store = rig.store();
      await store.upload("k", "x");
      const form = await formOf(store, "k", { expiresIn: 60 });
      await rig.set({ switches: { skew: -3_590_000 } });
      same(await send(form, "1"), 204, "status before its end");
      await rig.set({ switches: { skew: -3_530_000 } });
      same(await send(form, "1"), 403, "status after its end");
    },
  },
  {
    row: "G4",
    name: "a form of temporary keys brings their token, bound by the policy",
    async run(rig) {
      await rig.set({ switches: { tokens: [TOKENS[0]] } });
      const form = await formOf(rig.store({ sessionToken: TOKENS[0] }), "k");
      same(await send(form, "1"), 204, "status");
      same(await send(form, "1", { "x-amz-security-token": TOKENS[1] }), 403, "status with another token");
    },
  },
];
