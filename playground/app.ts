/** The playground: every route of it, without a server. */
import { H3, type H3Event } from "h3";
import type { Driver } from "unbucket";
import type { Gateway } from "unbucket/gateway";
import { createStorage } from "unstorage";
import { letGo } from "./http/body.ts";
import { answerTo, Refused } from "./http/errors.ts";
import { refuseOtherHosts } from "./http/host.ts";
import { isBelow, targetOf } from "./http/key.ts";
import { refuseCrossSite } from "./http/origin.ts";
import { getAvatar, postAvatar } from "./routes/avatar.ts";
import * as documents from "./routes/documents.ts";
import { files, FILES } from "./routes/files.ts";
import { kv, KV } from "./routes/kv.ts";
import { type Assets, page } from "./routes/page.ts";
import type { Thumbnailer } from "./services/avatars.ts";
import type { Documents } from "./services/documents.ts";
import { S3 } from "./services/gateway.ts";

/** What the host gives to the app. */
export interface Host {
  readonly store: Driver;
  readonly documents: Documents;
  /** The S3 endpoint that the store presigns for, or null where that is another server. */
  readonly gateway: () => Gateway | null;
  /** Null where sharp cannot run. */
  readonly thumbnailer: Thumbnailer | null;
  readonly assets: Assets;
  /** The names the app may be called by, or null where the platform sees to that. */
  readonly hosts: ReadonlySet<string> | null;
  /** What the page says of where files go. */
  readonly backend: string;
}

/** Wires the routes. */
export function createApp(host: Host): H3 {
  const { store } = host;
  const storage = createStorage({ driver: store });
  const app = new H3({ allowMalformedURL: true, silent: true });

  app.use(async (event, next) => {
    try {
      refuseOtherHosts(event.req, host.hosts);
      refuseCrossSite(event.req);
      // Outside the router, which folds `//` and trailing slashes: in a key they count.
      const { path } = targetOf(event);
      if (isBelow(path, FILES)) return await files(store, event);
      if (isBelow(path, KV)) return await kv(storage, event);
      const s3 = isBelow(path, S3) ? host.gateway() : null;
      if (s3 !== null) return await s3.fetch(event.req);
      return await next();
    } catch (error) {
      letGo(event.req);
      return answerTo(error, event);
    }
  });

  /** The router answers HEAD only where it is told to. */
  const read = (route: string, handler: (event: H3Event) => Promise<Response>): void => {
    app.on("GET", route, handler);
    app.on("HEAD", route, handler);
  };

  app.post("/users/:id/avatar", (event) => postAvatar(store, host.thumbnailer, event));
  read("/users/:id/avatar", (event) => getAvatar(store, event));

  app.post("/documents", (event) => documents.postDocument(host.documents, event));
  read("/documents", (event) => documents.listDocuments(host.documents, event));
  app.post("/documents/sweep", () => documents.sweepDocuments(host.documents));
  read("/documents/:id/file", (event) => documents.getDocumentFile(host.documents, store, event));
  read("/documents/:id/download-url", (event) => documents.getDownloadUrl(host.documents, store, event));
  app.delete("/documents/:id", (event) => documents.deleteDocument(host.documents, event));

  read("/", (event) => page(host.assets, host.backend, event));
  read("/page/:name", (event) => page(host.assets, host.backend, event));
  app.all("/**", (event) => {
    throw new Refused(
      404,
      "no-route",
      `Nothing answers to ${event.req.method} ${event.url.pathname}. See playground/README.md.`,
    );
  });
  return app;
}
