/** Keys in paths and queries, and those that are none. */
import { expect } from "vitest";
import { ask, type Check, expectRefused, put } from "../check.ts";
import { sendHead, statusOf } from "../wire.ts";

const UGLY = [
  "a b",
  "a%2Fb",
  "ä/日本.txt",
  "/lead",
  "a?b#c",
  "100%",
  "+plus+",
  "q&r=s",
  "party 🎉",
  "a\\b",
  "..a/b..",
  "C:",
  "nul",
  "x//y",
  "x/y/",
];

const REFUSED: readonly (readonly [method: string, path: string, code: string])[] = [
  ["PUT", "/files", "invalid-key"],
  ["DELETE", "/files", "invalid-key"],
  ["DELETE", "/files/", "invalid-key"],
  ["PUT", "/files?key=", "invalid-key"],
  ["PUT", "/files/%zz", "invalid-key"],
  ["PUT", "/files?key=%E0%A4", "invalid-key"],
  ["PUT", "/files/a?key=b", "invalid-key"],
  ["PUT", "/files/a%2F..%2Fb", "invalid-key"],
  ["GET", "/files?limit=0", "invalid-option"],
  ["GET", "/files?limit=1001", "invalid-option"],
  ["GET", "/files?delimiter=x", "invalid-option"],
];

export const keys: readonly Check[] = [
  ...UGLY.map(
    (key) =>
      ({
        name: `the key ${JSON.stringify(key)} travels as ?key= and in the path`,
        run: async (app, { unkept }) => {
          if (unkept.includes(key)) return;
          const named = `/files?key=${encodeURIComponent(key)}`;
          const answer = await put(app, named, key);
          expect([answer.status, ((await answer.json()) as { key: string }).key]).toEqual([201, key]);
          expect(await (await ask(app.url + named)).text()).toBe(key);
          const path = `/files/${key.split("/").map(encodeURIComponent).join("/")}`;
          expect(await (await ask(app.url + path)).text()).toBe(key);
          expect((await ask(app.url + named, { method: "HEAD" })).status).toBe(200);
          expect((await ask(app.url + named, { method: "DELETE" })).status).toBe(204);
          expect((await ask(app.url + path)).status).toBe(404);
        },
      }) satisfies Check,
  ),
  {
    name: "what names no key, or no page, is 400 and stores nothing",
    run: async (app) => {
      const before = await app.stored();
      for (const [method, path, code] of REFUSED) {
        const init = method === "PUT" ? { method, body: "x" } : { method };
        await expectRefused(await ask(app.url + path, init), 400, code);
      }
      await expectRefused(await put(app, `/files/${"k".repeat(1025)}`, "x"), 400, "invalid-key");
      expect(await app.stored()).toEqual(before);
      const long = `/files/${"k".repeat(200)}`;
      expect((await put(app, long, "x")).status).toBe(201);
      expect((await ask(app.url + long, { method: "DELETE" })).status).toBe(204);
    },
  },
  {
    name: "a path with .. is not folded into another key, where the app gets to see it",
    run: async (app, { rawTarget }) => {
      const before = await app.stored();
      for (const path of ["/files/a/../folded", "/files/a/%2e%2E/folded", "/files/.."]) {
        const socket = await sendHead(app.url, `PUT ${path}`, { "content-length": "1", connection: "close" });
        socket.write("x");
        const status = await statusOf(socket);
        if (rawTarget || path.endsWith("..")) expect([400, 404]).toContain(status);
        else expect(status).toBe(201);
      }
      await ask(`${app.url}/files/folded`, { method: "DELETE" });
      expect(await app.stored()).toEqual(before);
    },
  },
];
