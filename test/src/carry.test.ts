import { expect, it } from "vitest";
import memory from "../../drivers/memory.ts";
import { carry } from "../../src/carry.ts";
import { sent } from "../../src/options.ts";

const headers = { contentType: "text/x-test", cacheControl: "no-store", metadata: { by: "Ada" } };

it("carry stores the bytes with what travels with them, over what the options say of it", async () => {
  const [from, to] = [memory(), memory()];
  await from.upload("a", "bytes", headers);
  const stored = await carry(await from.download("a"), to, "b", { contentType: "text/plain", ifNoneMatch: "*" });
  expect(stored).toMatchObject({ key: "b", size: 5, ...headers });
  expect(await (await to.download("b")).text()).toBe("bytes");
  await expect(carry(await from.download("a"), to, "b", { ifNoneMatch: "*" })).rejects.toMatchObject({
    code: "precondition-failed",
  });
});

it("carry takes an object that has the mark of a driver's write, as a gateway's client has sent it, without that", async () => {
  const [from, to] = [memory(), memory()];
  await from.upload("a", "bytes", { metadata: sent({ "unbucket-write": "id", by: "Ada" }) });
  expect({ ...(await from.head("a"))?.metadata }).toEqual({ "unbucket-write": "id", by: "Ada" });
  const stored = await carry(await from.download("a"), to, "b", {});
  expect({ ...stored.metadata }).toEqual({ by: "Ada" });
});

it.each([
  ["would lose something", { missingMetadata: 1 }, "unsupported"],
  ["is of another length than announced", { size: 6 }, "invalid-option"],
])("carry lets go of a body that %s, and stores nothing", async (_, announced, code) => {
  const [from, to] = [memory(), memory()];
  await from.upload("a", "bytes");
  const object = await from.download("a");
  // `body` is a getter of the prototype, so it is named.
  await expect(
    carry({ ...object, body: object.body, ...announced } as typeof object, to, "b", {}),
  ).rejects.toMatchObject({ code });
  expect((await object.body.getReader().read()).done).toBe(true);
  expect(await to.exists("b")).toBe(false);
});
