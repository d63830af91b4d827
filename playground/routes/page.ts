/** The page and its two kinds of files, under a policy that lets nothing else run. */
import type { H3Event } from "h3";
import { Refused } from "../http/errors.ts";

/** Gives a file of `playground/public` by name, or null. */
export type Assets = (name: string) => Promise<Uint8Array<ArrayBuffer> | null>;

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Serves `/` and `/page/:name`. */
export async function page(assets: Assets, backend: string, event: H3Event): Promise<Response> {
  const name = event.context.params?.["name"] ?? "index.html";
  const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
  const file = type !== undefined && /^[a-z][a-z-]*\.[a-z]+$/.test(name) ? await assets(name) : null;
  if (type === undefined || file === null)
    throw new Refused(404, "no-route", "The page has no such file. Open / instead.");
  const headers = {
    "content-type": type,
    "content-security-policy": POLICY,
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  };
  if (name !== "index.html") return new Response(file, { headers });
  const html = new TextDecoder().decode(file).replace("%BACKEND%", () => escapeHtml(backend));
  return new Response(html, { headers });
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
