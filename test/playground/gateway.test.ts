import { describe, expect, it } from "vitest";
import fs from "../../drivers/fs.ts";
import memory from "../../drivers/memory.ts";
import { isLoopback } from "../../playground/http/host.ts";
import { gatewayOf, gatewayVariables } from "../../playground/services/gateway.ts";

const own = gatewayVariables({}, "http://127.0.0.1:3000/");

describe("gatewayVariables", () => {
  it("name the app itself, with other keys each time", () => {
    expect(own["STORAGE_LOCAL_GATEWAY_URL"]).toBe("http://127.0.0.1:3000/s3/uploads");
    const keys = [own, gatewayVariables({ STORAGE_BACKEND: "LOCAL" }, "http://h")].flatMap((variables) => [
      variables["STORAGE_LOCAL_ACCESS_KEY"],
      variables["STORAGE_LOCAL_SECRET_KEY"],
    ]);
    expect(new Set(keys).size).toBe(4);
  });

  it.each([{ STORAGE_BACKEND: "s3" }, { STORAGE_BACKEND: "memory" }, { STORAGE_LOCAL_SECRET_KEY: "mine" }])(
    "are none for %j",
    (variables) => {
      expect(gatewayVariables(variables, "http://h")).toEqual({});
    },
  );
});

describe("gatewayOf", () => {
  it("takes what a folder with the same variables has signed", async () => {
    const { STORAGE_LOCAL_GATEWAY_URL: url = "", STORAGE_LOCAL_ACCESS_KEY: id = "", ...rest } = own;
    const gateway = { url, accessKeyId: id, secretAccessKey: rest["STORAGE_LOCAL_SECRET_KEY"] ?? "" };
    const signed = await fs({ base: "unused", gateway }).presign("a.txt");
    const store = memory();
    await store.upload("a.txt", "Hello");
    const answer = await gatewayOf(store, own)?.fetch(signed?.url ?? "");
    expect(await answer?.text()).toBe("Hello");
    expect((await gatewayOf(store, own)?.fetch("http://127.0.0.1:3000/s3/uploads/a.txt"))?.status).toBe(403);
  });

  it.each([
    ["without variables", {}],
    ["on S3", { ...own, STORAGE_BACKEND: "s3" }],
    ["of another server", { ...own, STORAGE_LOCAL_GATEWAY_URL: "http://127.0.0.1:9000/uploads" }],
    ["without a key, which the store refuses", { ...own, STORAGE_LOCAL_SECRET_KEY: "" }],
    ["that is no URL, which the store refuses", { ...own, STORAGE_LOCAL_GATEWAY_URL: "here" }],
  ])("is null %s", (_case, variables) => {
    expect(gatewayOf(memory(), variables)).toBeNull();
  });
});

describe("isLoopback", () => {
  it("knows the addresses that only this machine reaches", () => {
    const names = [
      "127.0.0.1",
      "127.1.2.3",
      "localhost",
      "::1",
      "[::1]",
      "0.0.0.0",
      "::",
      "192.168.0.7",
      "files.example",
    ];
    expect(names.filter(isLoopback)).toEqual(["127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"]);
  });
});
