/** What the environment chose, in words. */

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
