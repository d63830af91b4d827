import { expect, it } from "vitest";
import memory from "../../../drivers/memory.ts";
import s3 from "../../../drivers/s3.ts";
import { Client } from "../../../drivers/s3/client.ts";
import { clients } from "../../../drivers/s3/clients.ts";

it("clients knows the client of every S3 backend, which leads to nothing of the options", async () => {
  const options = { bucket: "my-bucket", accessKeyId: "AKID", secretAccessKey: "hidden" };
  const backend = await s3(options).getInstance();
  expect(clients.get(backend)).toBeInstanceOf(Client);
  expect(clients.get(await memory().getInstance())).toBeUndefined();
  expect(Object.values(backend).filter((value) => value instanceof Client)).toEqual([]);
});
