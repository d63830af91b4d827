import { randomBytes } from "node:crypto";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { servers } from "../support/s3.ts";
import { mainPlaces, type Playground, start } from "./start.ts";

const picture = (width: number, height: number): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 4, background: "#2c6e5f" } })
    .png()
    .toBuffer();

const form = (body: Uint8Array, type: string, name = "me.png"): FormData => {
  const data = new FormData();
  data.append("file", new Blob([new Uint8Array(body)], { type }), name);
  return data;
};

const post = (app: Playground, user: string, body: BodyInit): Promise<Response> =>
  fetch(`${app.url}/users/${user}/avatar`, { method: "POST", body });

describe.each(mainPlaces)("the playground's avatars on $name", (place) => {
  let app: Playground;
  beforeAll(async () => {
    app = await start(place);
  });
  afterAll(() => app.close());

  it("POST stores the picture and a thumbnail of 200×200 beside it", async () => {
    const original = await picture(640, 480);
    const answer = await post(app, "42", form(original, "image/png"));
    expect(answer.status).toBe(201);
    const { thumbnailUrl } = (await answer.json()) as { thumbnailUrl: string };
    if (place.name === "a folder") expect(thumbnailUrl).toBe("/users/42/avatar?size=thumbnail");
    expect(withoutIds(await app.stored())).toEqual(keysOf(42, "png"));

    const back = await fetch(`${app.url}/users/42/avatar`);
    expect(back.headers.get("content-type")).toBe("image/png");
    expect(Buffer.from(await back.arrayBuffer()).equals(original)).toBe(true);
    const small = await fetch(`${app.url}/users/42/avatar?size=thumbnail`);
    const { width, height, format } = await sharp(Buffer.from(await small.arrayBuffer())).metadata();
    expect([width, height, format]).toEqual([200, 200, "jpeg"]);
    expect((await fetch(`${app.url}/users/42/avatar`, { method: "HEAD" })).status).toBe(200);
    expect((await fetch(`${app.url}/users/43/avatar`)).status).toBe(404);
  });

  it("POST replaces both, and a picture of another kind leaves nothing of the first", async () => {
    const first = await picture(300, 300);
    const second = await sharp(await picture(400, 300))
      .jpeg()
      .toBuffer();
    expect((await post(app, "50", form(first, "image/png"))).status).toBe(201);
    const before = await app.stored();
    expect((await post(app, "50", form(second, "image/jpeg", "me.jpg"))).status).toBe(201);
    const back = await fetch(`${app.url}/users/50/avatar`);
    expect(back.headers.get("content-type")).toBe("image/jpeg");
    expect(Buffer.from(await back.arrayBuffer()).equals(second)).toBe(true);
    expect((await fetch(`${app.url}/users/50/avatar?size=thumbnail`)).status).toBe(200);
    const after = await app.stored();
    const own = after.filter((key) => key.startsWith("avatars/50/"));
    expect(withoutIds(own)).toEqual(keysOf(50, "jpeg"));
    expect(after.length).toBe(before.length);
  });

  it.each<[string, () => BodyInit | Promise<BodyInit>, number]>([
    ["text", () => form(Buffer.from("hello"), "text/plain", "a.txt"), 415],
    ["SVG", () => form(Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"), "image/svg+xml", "a.svg"), 415],
    ["text that is called a picture", () => form(Buffer.from("hello"), "image/png"), 415],
    ["a picture that is cut off", async () => form((await picture(500, 500)).subarray(0, 200), "image/png"), 422],
    ["more than 5 MB", async () => form(await large(), "image/png"), 413],
    ["no form", () => "hello", 415],
    ["a form without a file", () => new FormData(), 400],
  ])("%s is refused and stores nothing", async (_name, make, status) => {
    const before = await app.stored();
    const answer = await post(app, "7", await make());
    const text = await answer.text();
    expect([answer.status, text]).toEqual([status, expect.stringContaining('"message":')]);
    expect(await app.stored()).toEqual(before);
  });

  it("a user that is no name is refused", async () => {
    expect((await post(app, "..%2F7", form(await picture(9, 9), "image/png"))).status).toBe(400);
    expect((await fetch(`${app.url}/users/%2e%2e%2fx/avatar`)).status).toBe(400);
  });
});

describe("the playground's avatars on a store that refuses thumbnails", () => {
  let proxy: Server;
  let app: Playground;
  let refusing = false;
  const refused: string[] = [];

  beforeAll(async () => {
    const [server] = servers;
    if (server === undefined) throw new Error("no S3 server runs");
    const target = new URL(server.endpoint);
    proxy = createServer((incoming, outgoing) => {
      if (refusing && incoming.method === "PUT" && incoming.url?.endsWith("/thumbnail.jpeg")) {
        refused.push(incoming.url);
        incoming.resume();
        outgoing.writeHead(403, { "content-type": "application/xml" });
        return outgoing.end("<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
      }
      // The Host header stays: it is signed.
      const { method, url: path, headers } = incoming;
      const onward = request({ hostname: target.hostname, port: target.port, method, path, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      });
      return incoming.pipe(onward);
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => proxy.once("listening", resolve));
    const { port } = proxy.address() as AddressInfo;
    const place = mainPlaces.find(({ name }) => name === server.name);
    if (place === undefined) throw new Error(`${server.name} is not among the places`);
    app = await start(place, { STORAGE_S3_ENDPOINT_URL: `http://127.0.0.1:${port}` });
  });
  afterAll(async () => {
    await app.close();
    proxy.close();
  });

  it("POST deletes the new picture again, tells no secret, and the avatar before is still served whole", async () => {
    const first = await picture(300, 300);
    expect((await post(app, "42", form(first, "image/png"))).status).toBe(201);
    const before = await app.stored();
    refusing = true;
    for (const user of ["42", "43"]) {
      const answer = await post(app, user, form(await picture(301, 300), "image/png"));
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toContain("AccessDenied");
    }
    expect(refused.length).toBeGreaterThan(1);
    expect(await app.stored()).toEqual(before);
    const back = await fetch(`${app.url}/users/42/avatar`);
    expect(Buffer.from(await back.arrayBuffer()).equals(first)).toBe(true);
    expect((await fetch(`${app.url}/users/42/avatar?size=thumbnail`)).status).toBe(200);
    expect((await fetch(`${app.url}/users/43/avatar`)).status).toBe(404);
  });
});

/** Every key of a user with one avatar, without the pair's id. */
function keysOf(user: number, extension: string): string[] {
  return ["current.json", `id/original.${extension}`, "id/thumbnail.jpeg"].map((key) => `avatars/${user}/${key}`);
}

function withoutIds(keys: readonly string[]): string[] {
  return keys.map((key) => key.replace(/[0-9a-f-]{36}/, "id")).sort();
}

/** A whole picture: noise does not compress. */
async function large(): Promise<Buffer> {
  const raw = { width: 1500, height: 1500, channels: 3 } as const;
  return sharp(randomBytes(raw.width * raw.height * raw.channels), { raw })
    .png()
    .toBuffer();
}
