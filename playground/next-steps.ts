/** What the terminal says when the playground is up. */
import { describeBackend, type Variables } from "./services/backend.ts";

/** Where it runs, what it stores to, and how to go on from there. */
export function nextSteps(url: string, variables: Variables): string {
  const lines = [
    "",
    `  unbucket playground   ${url}`,
    `  Storage               ${describeBackend(variables)}`,
    "",
    "Local development:",
    "  Files are stored in ./uploads by default",
    "",
    "MinIO testing (S3-compatible):",
    "  1. Start MinIO: docker compose up -d minio",
    "  2. Open console: http://localhost:9001 (minioadmin / minioadmin)",
    "  3. Create a bucket in the console",
    "  4. Set env vars, or write them to .env:",
    "     STORAGE_BACKEND=s3",
    "     STORAGE_S3_BUCKET=my-bucket",
    "     STORAGE_S3_ENDPOINT_URL=http://localhost:9000",
    "     STORAGE_S3_ACCESS_KEY=minioadmin",
    "     STORAGE_S3_SECRET_KEY=minioadmin",
    "  5. Start again: npm start",
    "",
    "Usage in code:",
    '  import { getStorage } from "unbucket/drivers/env";',
    "  const storage = getStorage();",
    '  const { url } = await storage.upload("path/file.jpg", data);',
    "",
  ];
  return lines.join("\n");
}
