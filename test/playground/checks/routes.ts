/** The page, key-value items, avatars and documents, and who is turned away from all of them. */
import sharp from "sharp";
import { expect } from "vitest";
import { ask, type Check, expectRefused, formOf, put } from "../check.ts";

const BACKEND = { folder: "Folder ./uploads", s3: "S3 bucket unbucket-", r2: "R2 bucket" } as const;

export const routes: readonly Check[] = [
  {
    name: "GET / is a page that may run only its own script",
    run: async (app, { store }) => {
      const page = await ask(app.url);
      expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining(BACKEND[store])]);
      const script = await ask(`${app.url}/page/page.js`);
      expect([script.status, script.headers.get("content-type")]).toEqual([200, "text/javascript; charset=utf-8"]);
      for (const path of ["/page/..%2f..%2fpackage.json", "/page/none.js", "/page.js", "/index.html"])
        await expectRefused(await ask(app.url + path), 404, "no-route");
    },
  },
  {
    name: "/kv shows the same objects as items, and never clears",
    run: async (app) => {
      await put(app, "/files/settings/theme.json", '{"dark":true}');
      expect(await (await ask(`${app.url}/kv/settings:theme.json`)).text()).toBe('{"dark":true}');
      expect((await put(app, "/kv/settings:size", "12")).status).toBe(204);
      expect(await (await ask(`${app.url}/files/settings/size`)).text()).toBe("12");
      expect(await (await ask(`${app.url}/kv/settings:`)).json()).toEqual(["settings:size", "settings:theme.json"]);
      await expectRefused(await ask(`${app.url}/kv/settings:`, { method: "DELETE" }), 400, "invalid-key");
      await expectRefused(await ask(`${app.url}/kv`, { method: "DELETE" }), 400, "invalid-key");
      await expectRefused(await ask(`${app.url}/kv/a:..:b`), 400, "invalid-key");
      expect((await ask(`${app.url}/kv/settings:size`, { method: "DELETE" })).status).toBe(204);
      await expectRefused(await ask(`${app.url}/kv/settings:size`), 404, "not-found");
      expect((await ask(`${app.url}/files/settings/theme.json`)).status).toBe(200);
    },
  },
  {
    name: "an avatar comes back with a thumbnail of 200×200, or is 501 where nothing makes one",
    run: async (app, { thumbnails }) => {
      // Without a body: workerd may end a connection whose body is not read before the sender has heard why.
      if (!thumbnails)
        return expectRefused(await ask(`${app.url}/users/42/avatar`, { method: "POST" }), 501, "no-thumbnails");
      const picture = await sharp({ create: { width: 320, height: 240, channels: 3, background: "teal" } })
        .png()
        .toBuffer();
      const init = { method: "POST", body: formOf(picture, "image/png", "me.png") };
      const made = await ask(`${app.url}/users/42/avatar`, init);
      expect(made.status).toBe(201);
      const back = await ask(`${app.url}/users/42/avatar`);
      expect(Buffer.from(await back.arrayBuffer()).equals(picture)).toBe(true);
      const small = await ask(`${app.url}/users/42/avatar?size=thumbnail`);
      const { width, height } = await sharp(Buffer.from(await small.arrayBuffer())).metadata();
      expect([width, height]).toEqual([200, 200]);
    },
  },
  {
    name: "a document is record and object together, and its download-url works",
    run: async (app, { store }) => {
      const before = await app.stored();
      // More than one part of S3 or R2, whose length the app does not know.
      const text = "0123456789abcdef".repeat(600_000);
      const body = formOf(text, "text/plain", "Übersicht.txt", { user: "42" });
      const made = await ask(`${app.url}/documents`, { method: "POST", body });
      const document = (await made.json()) as { readonly id: string; readonly key: string };
      expect([made.status, document]).toEqual([
        201,
        expect.objectContaining({
          user: "42",
          filename: "Übersicht.txt",
          size: text.length,
          contentType: "text/plain",
        }),
      ]);
      expect((await app.stored()).filter((key) => !before.includes(key))).toEqual([document.key]);
      const listed = await ask(`${app.url}/documents?user=42`);
      expect(await listed.json()).toEqual({ documents: [expect.objectContaining({ id: document.id })] });
      expect(await (await ask(`${app.url}/documents/${document.id}/file`)).text()).toBe(text);
      const signed = await ask(`${app.url}/documents/${document.id}/download-url`);
      const { url, expiresAt } = (await signed.json()) as { url: string; expiresAt: string | null };
      // A binding signs nothing.
      expect([URL.canParse(url), expiresAt !== null]).toEqual(store === "r2" ? [false, false] : [true, true]);
      expect(await (await ask(new URL(url, app.url))).text()).toBe(text);
      const swept = await ask(`${app.url}/documents/sweep`, { method: "POST" });
      expect(await swept.json()).toEqual({ finished: 0, failed: 0 });
      expect((await ask(`${app.url}/documents/${document.id}`, { method: "DELETE" })).status).toBe(204);
      await expectRefused(await ask(`${app.url}/documents/${document.id}/file`), 404, "not-found");
      expect(await app.stored()).toEqual(before);
    },
  },
  {
    name: "a form without a file, and one whose content is not its type, are refused and store nothing",
    run: async (app) => {
      const before = await app.stored();
      const send = (body: FormData): Promise<Response> => ask(`${app.url}/documents`, { method: "POST", body });
      const empty = new FormData();
      empty.append("user", "42");
      await expectRefused(await send(empty), 400, "no-file");
      expect((await send(formOf("no picture", "image/png", "a.png"))).status).toBe(415);
      expect(await app.stored()).toEqual(before);
    },
  },
  {
    name: "a change from another site is refused, one from the page itself passes",
    run: async (app) => {
      const before = await app.stored();
      for (const headers of [
        { origin: "https://evil.example" },
        { origin: "null" },
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" },
      ] as Record<string, string>[]) {
        await expectRefused(await put(app, "/files/a", "x", headers), 403, "cross-site");
        for (const path of ["/documents", "/documents/sweep", "/users/1/avatar"])
          await expectRefused(await put(app, path, "x", headers, "POST"), 403, "cross-site");
        expect((await ask(`${app.url}/files`, { headers })).status).toBe(200);
      }
      expect(await app.stored()).toEqual(before);
      const own = { origin: app.url, "sec-fetch-site": "same-origin" };
      expect((await put(app, "/files/own", "x", own)).status).toBe(201);
      expect((await ask(`${app.url}/files/own`, { method: "DELETE", headers: own })).status).toBe(204);
    },
  },
  {
    name: "an unknown route is a JSON 404 and a wrong method on /files a 405",
    run: async (app) => {
      await expectRefused(await ask(`${app.url}/nope`), 404, "no-route");
      await expectRefused(await put(app, "/files/a", "x", {}, "POST"), 405, "method-not-allowed");
    },
  },
];
