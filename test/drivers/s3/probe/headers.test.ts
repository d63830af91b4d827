import { expect, it } from "vitest";
import { probe } from "../../../../drivers/s3/probe.ts";
import { asks } from "./asked.ts";
import { refusal, Store } from "./store.ts";

asks("headers");

it("names the headers that do not come back", async () => {
  const store = new Store([], ({ method, key }) =>
    method === "HEAD" && key.endsWith("/headers")
      ? new Response(null, { headers: { "content-type": "text/x-probe", "cache-control": "no-store" } })
      : undefined,
  );
  const { findings } = await probe(store.driver());
  expect(findings.headers).toEqual({
    answer: "no",
    said: "HEAD 200, other or no cache-control, content-disposition, content-language, x-amz-meta-probe",
  });
});

it("does not know what comes back where the keys may not ask", async () => {
  const store = new Store([], ({ method, key }) =>
    method === "HEAD" && key.endsWith("/headers") ? refusal(403, "AccessDenied") : undefined,
  );
  expect((await probe(store.driver())).findings.headers.answer).toBe("unknown");
});
