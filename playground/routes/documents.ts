/** `/documents`: the service layer behind HTTP. */
import { getRouterParam, type H3Event } from "h3";
import type { ObjectStore } from "unbucket";
import { type FormFile, readForm } from "unbucket/form";
import { guard } from "unbucket/guard";
import { respond } from "unbucket/respond";
import { Refused } from "../http/errors.ts";
import type { DocumentRow } from "../services/database.ts";
import type { Documents } from "../services/documents.ts";
import { toLimit } from "./files.ts";
import { toUser } from "./user.ts";

const LIMITS = { maxSize: 100 * 1024 * 1024 };
const EXPIRES_IN = 3600;

/** Stores the file of a form: 201 with the document. The field `user`, or `?user=`, comes before the file. */
export async function postDocument(documents: Documents, event: H3Event): Promise<Response> {
  const row = await receive(documents, event.req);
  return Response.json(show(row), { status: 201, headers: { location: `/documents/${row.id}` } });
}

async function receive(documents: Documents, request: Request): Promise<DocumentRow> {
  let user = new URL(request.url).searchParams.get("user") ?? undefined;
  let row: DocumentRow | undefined;
  try {
    for await (const part of readForm(request)) {
      if (row !== undefined) throw tooMuch(part.kind === "text" ? part.field : undefined);
      if (part.kind === "file") row = await create(documents, toUser(user ?? "anonymous"), part);
      else if (part.field === "user") user = part.value;
    }
  } catch (error) {
    if (row !== undefined) await takeBack(documents, row);
    throw error;
  }
  if (row === undefined)
    throw new Refused(400, "no-file", "The form has no file: curl -F user=42 -F file=@report.pdf.");
  return row;
}

/** Never rejects: the client learns what was wrong with its form, whatever becomes of the document. */
async function takeBack(documents: Documents, { id }: DocumentRow): Promise<void> {
  await documents.remove(id).catch((left: unknown) => {
    console.error(`Document ${id} could not be removed again:`, left);
  });
}

function tooMuch(field: string | undefined): Refused {
  const what = field === undefined ? "more than one file" : `the field ${JSON.stringify(field)} after the file`;
  return new Refused(400, "malformed-form", `The form has ${what}. Send the fields first, then one file.`);
}

async function create(documents: Documents, user: string, file: FormFile): Promise<DocumentRow> {
  return documents.create(user, await guard(file, LIMITS));
}

/** The whole documents, newest first, of one user with `?user=`. */
export async function listDocuments(documents: Documents, event: H3Event): Promise<Response> {
  const query = new URL(event.req.url).searchParams;
  const user = query.get("user");
  const rows = await documents.list(user === null ? undefined : toUser(user), toLimit(query.get("limit")));
  return Response.json({ documents: rows.map(show) }, { headers: { "cache-control": "no-store" } });
}

/** The document's bytes. */
export async function getDocumentFile(documents: Documents, store: ObjectStore, event: H3Event): Promise<Response> {
  return respond(store, (await find(documents, event)).key, event.req);
}

/** A URL that is good for an hour, or this app's own route where the store signs none. Only keys of documents are signed. */
export async function getDownloadUrl(documents: Documents, store: ObjectStore, event: H3Event): Promise<Response> {
  const row = await find(documents, event);
  const signed = await store.presign(row.key, { method: "GET", expiresIn: EXPIRES_IN });
  const answer =
    signed === null
      ? { url: `/documents/${row.id}/file`, expiresAt: null }
      : { url: signed.url, expiresAt: signed.expiresAt.toISOString() };
  return Response.json(answer, { headers: { "cache-control": "no-store" } });
}

/** Deletes record and object: 204. */
export async function deleteDocument(documents: Documents, event: H3Event): Promise<Response> {
  if (!(await documents.remove(idOf(event)))) throw unknown();
  return new Response(null, { status: 204 });
}

/** Finishes what was interrupted. */
export async function sweepDocuments(documents: Documents): Promise<Response> {
  return Response.json(await documents.sweep());
}

async function find(documents: Documents, event: H3Event): Promise<DocumentRow> {
  const row = await documents.find(idOf(event));
  if (row === null) throw unknown();
  return row;
}

function idOf(event: H3Event): string {
  return getRouterParam(event, "id") ?? "";
}

function unknown(): Refused {
  return new Refused(404, "not-found", "There is no document with this id. GET /documents lists those there are.");
}

function show(row: DocumentRow): object {
  const { id, user, filename, key, size, contentType, createdAt } = row;
  return { id, user, filename, key, url: row.url ?? `/documents/${id}/file`, size, contentType, createdAt };
}
