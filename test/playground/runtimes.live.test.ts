import { once } from "node:events";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterEach, describe, expect, it } from "vitest";
import { program } from "../runtimes/install.ts";
import { type Command, folder, mainPlaces, type Playground, start } from "./start.ts";
import { readAll, sendHead } from "./wire.ts";

const source = fileURLToPath(new URL("../../playground/server.ts", import.meta.url));

const commands: readonly [name: "bun" | "deno", args: readonly string[]][] = [
  ["bun", [source]],
  ["deno", ["run", "--allow-all", "--quiet", source]],
];

describe.each(commands)("the playground's source on %s", (name, args) => {
  let app: Playground;
  afterEach(() => app.close());

  it.each(mainPlaces)("serves every group of routes on $name, and SIGTERM ends it", async (place) => {
    const command: Command = [await program(name), ...args];
    app = await start(place, { DENO_NO_UPDATE_CHECK: "1" }, command);

    const body = new Uint8Array(300_000).map((_zero, index) => index % 251);
    const init = { method: "PUT", body, headers: { "content-type": "application/x-thing" } };
    const put = await fetch(`${app.url}/files?key=docs%2Fa%20b.bin`, init);
    expect([put.status, await put.json()]).toEqual([
      201,
      expect.objectContaining({ key: "docs/a b.bin", size: 300_000, contentType: "application/x-thing" }),
    ]);
    const part = await fetch(`${app.url}/files/docs/a%20b.bin`, { headers: { range: "bytes=1000-1999" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 1000-1999/300000"]);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(body.slice(1000, 2000));
    const page = await (await fetch(`${app.url}/files?delimiter=/`)).json();
    expect(page).toEqual({ objects: [], prefixes: ["docs/"] });

    const picture = await sharp({ create: { width: 320, height: 240, channels: 3, background: "teal" } })
      .png()
      .toBuffer();
    const avatar = await fetch(`${app.url}/users/42/avatar`, { method: "POST", body: form(picture, "image/png") });
    expect(avatar.status).toBe(201);
    const small = await fetch(`${app.url}/users/42/avatar?size=thumbnail`);
    const { width, height } = await sharp(Buffer.from(await small.arrayBuffer())).metadata();
    expect([width, height]).toEqual([200, 200]);

    const made = await fetch(`${app.url}/documents`, {
      method: "POST",
      body: form(Buffer.from("hello"), "text/plain"),
    });
    expect(made.status).toBe(201);
    const { id } = (await made.json()) as { id: string };
    expect(await (await fetch(`${app.url}/documents/${id}/file`)).text()).toBe("hello");
    expect((await fetch(`${app.url}/documents/${id}`, { method: "DELETE" })).status).toBe(204);

    expect(await (await fetch(app.url)).text()).toContain(place.name === "a folder" ? "Folder ./uploads" : "S3 bucket");
    const foreign = { host: "rebound.example", connection: "close" };
    expect(await readAll(await sendHead(app.url, "GET /files", foreign))).toMatch(/^HTTP\/1\.1 421 /);

    const exit = once(app.process, "exit");
    app.process.kill("SIGTERM");
    expect(await exit).toEqual([0, null]);
  });

  it("takes more than 128 MiB, and SIGTERM takes no new request but lets an upload finish that is quiet for more than ten seconds", async () => {
    const command: Command = [await program(name), ...args];
    app = await start(folder, { DENO_NO_UPDATE_CHECK: "1" }, command);
    const size = 129 * 1024 * 1024;
    const large = await fetch(`${app.url}/files/large.bin`, { method: "PUT", body: new Uint8Array(size) });
    expect([large.status, await large.json()]).toEqual([201, expect.objectContaining({ size })]);

    const socket = await sendHead(app.url, "PUT /files/slow.txt", { "content-length": "10", connection: "close" });
    socket.write("hello");
    const answer = readAll(socket);
    // The server has the request when it answers another one that came later.
    await fetch(`${app.url}/files`);
    const exit = once(app.process, "exit");
    app.process.kill("SIGTERM");
    await expect.poll(app.output).toContain("finishing running requests");
    const late = await fetch(`${app.url}/files?key=late.txt`, { method: "PUT", body: "x" }).then(
      async (response) => [response.status, await response.text()],
      // Where the server takes no connections any more.
      () => [503, "stopping"],
    );
    expect(late).toEqual([503, expect.stringContaining("stopping")]);
    await new Promise((resolve) => setTimeout(resolve, 11_000));
    socket.write("world");
    expect(await answer).toMatch(/^HTTP\/1\.1 201 /);
    expect(await exit).toEqual([0, null]);
    expect(await app.stored()).toEqual(["large.bin", "slow.txt"]);
  });
});

function form(bytes: Uint8Array, type: string): FormData {
  const data = new FormData();
  data.append("file", new Blob([new Uint8Array(bytes)], { type }), "file");
  return data;
}
