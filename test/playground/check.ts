/** What the playground must do wherever it runs: the form of a check, and what it may know of where it runs. */
import { expect } from "vitest";

/** A running playground, reached over HTTP alone. */
export interface App {
  readonly url: string;
  /** Every stored key, asked from the store itself rather than from the app. */
  stored(): Promise<string[]>;
  close(): Promise<void>;
}

/** What differs from host to host, as the guide tells it. */
export interface Traits {
  readonly store: "folder" | "s3" | "r2";
  /** Whether sharp runs there. */
  readonly thumbnails: boolean;
  /** Whether the app is given the target as it came over the wire, with `..` in it. */
  readonly rawTarget: boolean;
  /** Keys that the store itself does not keep: test/deviations.ts says why. */
  readonly unkept: readonly string[];
}

/** One thing that must hold; it leaves nothing in the store that another may find. */
export interface Check {
  readonly name: string;
  readonly run: (app: App, traits: Traits) => Promise<void>;
}

/**
 * `fetch`, once more where the connection was closed under the request: workerd does so after an answer whose request's body
 * the app did not read, and does not say so in the answer.
 */
export async function ask(url: URL | string, init?: RequestInit): Promise<Response> {
  return fetch(url, init).catch((error: unknown) => {
    const { cause } = error as { readonly cause?: { readonly code?: string } };
    if (!["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(cause?.code ?? "")) throw error;
    return fetch(url, init);
  });
}

/** Sends bytes, by PUT unless told otherwise. */
export function put(
  app: App,
  path: string,
  body: BodyInit,
  headers: Record<string, string> = {},
  method = "PUT",
): Promise<Response> {
  return ask(app.url + path, { method, body, headers });
}

/** Holds an answer against the one form of errors: a status, a code, and a sentence that helps. */
export async function expectRefused(answer: Response, status: number, code: string): Promise<void> {
  const text = await answer.text();
  expect([answer.status, text]).toEqual([status, expect.stringContaining(`"code":"${code}"`)]);
  const { error } = JSON.parse(text) as { error: { message: string } };
  expect(error.message.length).toBeGreaterThan(20);
}

/** A form with one file. */
export function formOf(bytes: Uint8Array | string, type: string, name: string, fields = {}): FormData {
  const data = new FormData();
  for (const [field, value] of Object.entries<string>(fields)) data.append(field, value);
  data.append("file", new Blob([typeof bytes === "string" ? bytes : new Uint8Array(bytes)], { type }), name);
  return data;
}
