import { describe, expect, it, onTestFinished } from "vitest";
import s3 from "../../drivers/s3.ts";
import { freePorts } from "../servers/port.ts";
import { runtimes } from "./hosts.ts";
import { folder, start } from "./start.ts";

describe.each(runtimes)("the playground's S3 endpoint on $name", ({ command }) => {
  it("is that of the variables, for any key", async () => {
    const [port = 0] = await freePorts(1);
    const endpoint = `http://127.0.0.1:${port}/s3`;
    const keys = { accessKeyId: "AKIDPLAY", secretAccessKey: "play-secret" };
    const app = await start(
      folder,
      {
        ...{ PORT: String(port), DENO_NO_UPDATE_CHECK: "1", STORAGE_LOCAL_GATEWAY_URL: `${endpoint}/uploads` },
        ...{ STORAGE_LOCAL_ACCESS_KEY: keys.accessKeyId, STORAGE_LOCAL_SECRET_KEY: keys.secretAccessKey },
      },
      await command(),
    );
    onTestFinished(() => app.close());
    expect(app.output()).not.toMatch(/AKIDPLAY|play-secret/);
    const store = s3({ bucket: "uploads", endpoint, ...keys });
    for (const key of ["a.txt", "a//b/", "ü %2F+?#.txt"]) {
      await store.upload(key, key);
      expect(await (await store.download(key)).text()).toBe(key);
      expect((await store.head(key))?.size).toBe(new TextEncoder().encode(key).byteLength);
    }
    const found: string[] = [];
    for await (const { key } of store.list()) found.push(String(key));
    expect(found).toEqual(["a.txt", "a//b/", "ü %2F+?#.txt"]);
    expect(await (await fetch(`${app.url}/files/a.txt`)).text()).toBe("a.txt");
  });

  it("lets nobody in without its keys, nor a page of another site with them", async () => {
    const app = await start(folder, { DENO_NO_UPDATE_CHECK: "1" }, await command());
    onTestFinished(() => app.close());
    const form = new FormData();
    form.append("file", new File(["Hello"], "a.txt"));
    const { id } = (await (await fetch(`${app.url}/documents`, { method: "POST", body: form })).json()) as {
      id: string;
    };
    const { url } = (await (await fetch(`${app.url}/documents/${id}/download-url`)).json()) as { url: string };
    expect((await fetch(url)).status).toBe(200);
    const [unsigned] = url.split("?");
    expect((await fetch(unsigned ?? "")).status).toBe(403);
    expect((await fetch(`${app.url}/s3`)).status).toBe(403);
    expect((await fetch(unsigned ?? "", { method: "PUT", body: "x" })).status).toBe(403);
    const foreign = await fetch(url, { method: "PUT", body: "x", headers: { origin: "https://evil.example" } });
    expect([foreign.status, await foreign.text()]).toEqual([403, expect.stringContaining("cross-site")]);
  });
});
