/** The variables in `.env.example`. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Change } from "./change.ts";
import type { Project } from "./project.ts";

const PATH = ".env.example";

/** Variables in groups, each with a comment. A Worker has no folder, so its example uses S3. */
function blocks(project: Project): readonly { readonly comment: string; readonly lines: readonly string[] }[] {
  const s3 = project.kind === "workers";
  return [
    {
      comment: s3 ? "# Storage: s3, or memory for a first try" : "# Storage: local (a folder), s3, or memory",
      lines: s3 ? ["STORAGE_BACKEND=s3"] : ["STORAGE_BACKEND=local", "STORAGE_LOCAL_PATH=./uploads"],
    },
    {
      comment: "# S3 settings (these are MinIO's; for AWS leave the endpoint empty)",
      lines: [
        "STORAGE_S3_BUCKET=my-bucket",
        "STORAGE_S3_REGION=us-east-1",
        "STORAGE_S3_ENDPOINT_URL=http://localhost:9000",
        "STORAGE_S3_ACCESS_KEY=minioadmin",
        "STORAGE_S3_SECRET_KEY=minioadmin",
      ],
    },
  ];
}

/** Adds the variables that the file does not mention yet, not even in a comment. */
export function dotenvChange(project: Project): Change {
  const file = join(project.dir, PATH);
  const before = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  const missing = blocks(project)
    .map(({ comment, lines }) => ({ comment, lines: lines.filter((line) => !names(before ?? "", variable(line))) }))
    .filter(({ lines }) => lines.length > 0);
  const count = missing.reduce((sum, { lines }) => sum + lines.length, 0);
  const text = missing.map(({ comment, lines }) => `${[comment, ...lines].join("\n")}\n`).join("\n");
  if (before === undefined) return { path: PATH, action: "create", text, note: `${count} variables` };
  if (count === 0) return { path: PATH, action: "keep", text: "", note: "has all the variables already" };
  const gap = before === "" ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  return { path: PATH, action: "append", text: gap + text, note: `${count} variables` };
}

function variable(line: string): string {
  return line.slice(0, line.indexOf("="));
}

function names(text: string, name: string): boolean {
  return new RegExp(`^[#\\s]*(?:export\\s+)?${name}\\s*=`, "m").test(text);
}
