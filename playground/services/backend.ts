/** What the environment chose: in words, and the addresses that files have. */
import type { Driver } from "unbucket";

/** Variables by name, as `process.env` or the bindings of a Worker. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Names the backend for people: the folder, or bucket and host. Never a secret. */
export function describeBackend(variables: Variables): string {
  switch (variables["STORAGE_BACKEND"]?.toLowerCase() || "local") {
    case "s3": {
      const endpoint = variables["STORAGE_S3_ENDPOINT_URL"] ?? "";
      const where = URL.canParse(endpoint) ? new URL(endpoint).host : "AWS";
      return `S3 bucket ${variables["STORAGE_S3_BUCKET"] ?? ""} on ${where}`;
    }
    case "memory":
      return "Memory, gone when the server stops";
    default:
      return `Folder ${variables["STORAGE_LOCAL_PATH"] || "./uploads"}`;
  }
}

/**
 * The store, whose objects have a `url` only where STORAGE_PUBLIC_URL gives one. The address that an S3 object has of its own
 * answers 403 unless the bucket is public: the routes of the app are what a visitor can open.
 */
export function addressed(store: Driver, variables: Variables): Driver {
  if (variables["STORAGE_PUBLIC_URL"]) return store;
  return {
    ...store,
    upload: async (key, body, options) => ({ ...(await store.upload(key, body, options)), url: null }),
  };
}
