import { expect, it } from "vitest";
import { probe } from "../../../../drivers/s3/probe.ts";
import { asks } from "./asked.ts";
import { refusal, Store } from "./store.ts";

asks("region-checked", "delete-many");

it("addressing: what the driver uses is a yes, the other is not asked", async () => {
  const inPath = await probe(new Store().driver());
  expect(inPath.findings["path-style"].answer).toBe("yes");
  expect(inPath.findings["virtual-host"]).toEqual({ answer: "unknown", said: "not asked: the driver uses path-style" });
  const inHost = await probe(new Store().driver({ forcePathStyle: false }));
  expect(inHost.findings["virtual-host"].answer).toBe("yes");
  expect(inHost.findings["path-style"].answer).toBe("unknown");
});

it("deleteMany: keys without the right say nothing of the store", async () => {
  const store = new Store([], ({ query }) => (query.has("delete") ? refusal(403, "AccessDenied") : undefined));
  const { findings, left } = await probe(store.driver());
  expect(findings["delete-many"]).toEqual({ answer: "unknown", said: "POST 403 AccessDenied" });
  expect(left).toEqual([]);
});
