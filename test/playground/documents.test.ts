import { expect, it, vi } from "vitest";
import memory from "../../drivers/memory.ts";
import { createApp } from "../../playground/app.ts";
import type { DocumentRow } from "../../playground/services/database.ts";
import type { Documents } from "../../playground/services/documents.ts";

const row = { id: "7", user: "anonymous", filename: "a.txt", key: "documents/anonymous/7/a.txt" } as DocumentRow;

function appOf(documents: Partial<Documents>): ReturnType<typeof createApp> {
  return createApp({
    store: memory(),
    documents: documents as Documents,
    thumbnailer: async (picture) => picture,
    assets: async () => null,
    gateway: () => null,
    hosts: null,
    backend: "Memory",
  });
}

it("POST /documents tells what was wrong with the form, also where the document cannot be removed again", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  const gone = new Error("the database is gone");
  const app = appOf({
    create: async (_user, file) => {
      await new Response(file.body).arrayBuffer();
      return row;
    },
    remove: () => Promise.reject(gone),
  });
  const form = new FormData();
  for (const name of ["a.txt", "b.txt"]) form.append("file", new File(["text"], name));
  const answer = await app.request("/documents", { method: "POST", body: form });
  expect([answer.status, await answer.json()]).toMatchObject([
    400,
    { error: { code: "malformed-form", message: expect.stringContaining("more than one file") } },
  ]);
  expect(log.mock.calls).toEqual([["Document 7 could not be removed again:", gone]]);
  log.mockRestore();
});
