import { expect, it } from "vitest";
import memory from "../../../../drivers/memory.ts";
import { format, probe } from "../../../../drivers/s3/probe.ts";
import { refusal, type Sent, Store } from "./store.ts";

const foreign = { text: "theirs", etag: '"theirs"', checksums: {} };

function withForeign(store: Store): Store {
  for (const key of ["a", "base/b", "base/unbucket-probe-other/c"]) store.objects.set(key, foreign);
  return store;
}

/** Every key that a request names. */
function keysOf({ key, query, body }: Sent): string[] {
  if (query.has("delete")) return [...body.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, found = ""]) => found);
  return [key || (query.get("prefix") ?? "")];
}

it("probe touches nothing that it did not make, and leaves nothing", async () => {
  const store = withForeign(new Store());
  const { findings, left, requests } = await probe(store.driver({ base: "base" }));
  const named = store.sent.flatMap(keysOf).filter((key) => key !== "");
  expect(named.filter((key) => !/^base\/unbucket-probe-[0-9a-f-]{36}\//.test(key))).toEqual([]);
  // Forms name their key in their body, where this store does not look.
  expect(store.sent.filter((sent) => keysOf(sent).join("") === "")).toHaveLength(2);
  expect([...store.objects.keys()]).toEqual(["a", "base/b", "base/unbucket-probe-other/c"]);
  expect([...store.objects.values()]).toEqual([foreign, foreign, foreign]);
  expect(store.uploads.size).toBe(0);
  expect(left).toEqual([]);
  expect(requests).toBe(store.sent.length);
  expect(findings["put-if-match"].answer).toBe("yes");
});

it("probe goes on where the connection breaks, and says which question is left open", async () => {
  const store = new Store([], ({ key, method }) => {
    if (method === "PUT" && key.endsWith("/order/\uFF5E")) throw new TypeError("fetch failed");
    return undefined;
  });
  const { findings } = await probe(store.driver({ retry: { attempts: 1 } }));
  expect(findings["list-order"]).toMatchObject({ answer: "unknown", said: expect.stringContaining("unavailable") });
  expect(findings["list-below"].answer).toBe("yes");
  expect(store.objects.size).toBe(0);
});

it("probe removes what it made when it is aborted, and rejects with the reason", async () => {
  const control = new AbortController();
  const reason = new Error("enough");
  const store = withForeign(
    new Store([], ({ query }) => {
      if (query.has("partNumber") && store.uploads.size > 0) control.abort(reason);
      return undefined;
    }),
  );
  await expect(probe(store.driver(), { signal: control.signal })).rejects.toBe(reason);
  expect(store.uploads.size).toBe(0);
  expect([...store.objects.keys()]).toEqual(["a", "base/b", "base/unbucket-probe-other/c"]);
});

it("probe aborts an upload of which it has not heard, since it was aborted itself meanwhile", async () => {
  const control = new AbortController();
  const store = new Store([], ({ method, query }) => {
    if (method === "POST" && query.has("uploads")) control.abort(new Error("enough"));
    return undefined;
  });
  await expect(probe(store.driver(), { signal: control.signal })).rejects.toThrow("enough");
  expect(store.sent.filter(({ method, query }) => method === "POST" && query.has("uploads"))).toHaveLength(1);
  expect([store.uploads.size, store.objects.size]).toEqual([0, 0]);
});

it("probe aborts an upload whose beginning it has not heard, though it heard of later ones", async () => {
  let lost = true;
  const store = new Store([], ({ method, query }) => {
    if (!lost || method !== "POST" || !query.has("uploads")) return undefined;
    lost = false;
    store.uploads.set("unheard", { key: store.sent[0]?.key ?? "", parts: new Map() } as never);
    throw new TypeError("the line is gone");
  });
  const { left } = await probe(store.driver({ retry: { attempts: 1 } }));
  expect([left, [...store.uploads.keys()]]).toEqual([[], []]);
});

it("probe tells of uploads that it could not abort", async () => {
  const store = new Store([], ({ method, query }) =>
    method === "DELETE" && query.has("uploadId") ? refusal(403, "AccessDenied") : undefined,
  );
  const { left } = await probe(store.driver());
  expect(left.length).toBeGreaterThan(0);
  expect(left.every((key) => key.startsWith("unbucket-probe-"))).toBe(true);
});

it("probe tells what it could not remove when it is aborted", async () => {
  const control = new AbortController();
  const store = new Store([], ({ method, key }) => {
    if (method === "PUT" && key.endsWith("/first")) queueMicrotask(() => control.abort(new Error("enough")));
    return method === "PUT" ? undefined : refusal(403, "AccessDenied");
  });
  const told: string[][] = [];
  const onLeft = (keys: readonly string[]): void => void told.push([...keys]);
  const options = { signal: control.signal, onLeft };
  await expect(probe(store.driver({ base: "base" }), options)).rejects.toThrow("enough");
  expect(told).toEqual([[expect.stringMatching(/^base\/unbucket-probe-[^/]*\/first$/)]]);
});

it("probe asks nothing when it is aborted beforehand", async () => {
  const store = new Store();
  const reason = new Error("never mind");
  await expect(probe(store.driver(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(store.sent).toEqual([]);
});

it("probe rejects when the first object cannot be stored", async () => {
  const store = new Store([], ({ method }) => (method === "PUT" ? refusal(403, "AccessDenied") : undefined));
  await expect(probe(store.driver())).rejects.toMatchObject({ code: "denied", operation: "probe", driver: "s3" });
  expect(store.sent.filter(({ method }) => method === "PUT")).toHaveLength(1);
});

it("probe names the keys that it could not remove", async () => {
  const store = new Store([], ({ method, key, headers }) =>
    method === "DELETE" && key.endsWith("/first") && !headers.has("if-match")
      ? refusal(403, "AccessDenied")
      : undefined,
  );
  const report = await probe(store.driver());
  expect(report.left).toEqual([expect.stringMatching(/^unbucket-probe-.*\/first$/)]);
  expect(format(report)).toContain(`Not removed: \`${report.left[0]}\``);
});

it("probe lists objects where versions are named and cannot be listed", async () => {
  const store = new Store([], ({ key, query }) => {
    if (query.has("versions")) return refusal(501, "NotImplemented");
    return key.endsWith("/addressed") ? new Response(null, { headers: { "x-amz-version-id": "1" } }) : undefined;
  });
  expect((await probe(store.driver())).left).toEqual([]);
  expect(store.sent.filter(({ query }) => query.has("versions"))).toHaveLength(1);
});

it("probe takes no other driver and no unknown option", async () => {
  await expect(probe(memory())).rejects.toMatchObject({ code: "unsupported", message: expect.stringMatching(/S3/) });
  const options = { prefix: "a/" } as object;
  await expect(probe(new Store().driver(), options)).rejects.toMatchObject({ code: "invalid-option" });
});

it("a report holds no secret, also when a store repeats it", async () => {
  const secret = "the-secret-of-it";
  const store = new Store([], ({ key }) => (key.endsWith("/below/a/b") ? refusal(400, secret) : undefined));
  const report = await probe(store.driver({ accessKeyId: "AKID-EXAMPLE", secretAccessKey: secret }));
  expect(report.findings["list-below"].said).toContain("PUT a/b 400,");
  expect(JSON.stringify(report) + format(report)).not.toMatch(/the-secret|AKID-EXAMPLE/);
});
