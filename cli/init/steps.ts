/** The next steps that `init` prints. */
import type { Plan } from "./plan.ts";
import { composeUse } from "./compose.ts";
import type { Project } from "./project.ts";

const MINIO = [
  "STORAGE_BACKEND=s3",
  "STORAGE_S3_BUCKET=my-bucket",
  "STORAGE_S3_ENDPOINT_URL=http://localhost:9000",
  "STORAGE_S3_ACCESS_KEY=minioadmin",
  "STORAGE_S3_SECRET_KEY=minioadmin",
];

/** The lines to print, with empty lines between topics. */
export function nextSteps(project: Project, plan: Plan): readonly string[] {
  const { flags, createsBucket } = composeUse(project, plan.compose);
  return [
    "Next steps",
    "",
    ...(project.installed ? [] : ["Install:", "  npm install unbucket", ""]),
    ...local(project),
    "",
    "MinIO testing (S3-compatible):",
    `  1. Start MinIO: docker compose${flags} up -d minio`,
    "  2. Open console: http://localhost:9001 (minioadmin / minioadmin)",
    `  3. Create a bucket in the console${createsBucket ? `, or: docker compose${flags} run --rm create-bucket` : ""}`,
    `  4. Set env vars${variablesGoTo(project)}:`,
    ...MINIO.map((line) => `     ${line}`),
    "",
    "Usage in code:",
    ...usage(project, plan.module.path).map((line) => `  ${line}`),
    ...mount(project),
  ];
}

function local(project: Project): readonly string[] {
  if (project.kind === "workers") {
    return [
      "Local development:",
      "  Workers have no folder: use MinIO below, or STORAGE_BACKEND=memory for a first try",
    ];
  }
  return ["Local development:", "  Files are stored in ./uploads by default (a line for .gitignore)"];
}

function variablesGoTo(project: Project): string {
  if (project.kind === "workers")
    return ' in .dev.vars (deployed: "vars" in the wrangler file, "wrangler secret put" for the keys)';
  // Nitro and Nuxt read .env only in development, plain Node only with --env-file.
  if (project.kind === "plain") return " (in .env: node --env-file=.env ...)";
  return " in .env (development), or where the built server is started";
}

function usage(project: Project, path: string): readonly string[] {
  const from = JSON.stringify(specifier(project, path));
  const calls = [
    `const { location } = await upload("path/file.jpg", data);`,
    `const text = await (await download("path/notes.txt")).text();`,
  ];
  // A CommonJS file has neither import nor top-level await.
  if (project.kind === "plain" && !project.typescript && !project.esm)
    return [`const { upload, download } = require(${from});`, "// then, in an async function:", ...calls];
  return [`import { upload, download } from ${from};`, ...calls];
}

/** How other files import the module: bundlers add the ending, the TypeScript compiler wants that of its output. */
function specifier({ kind, typescript, tsImports }: Project, path: string): string {
  if (kind === "nuxt") return `~~/${path.replace(/\.\w+$/, "")}`;
  if (!typescript || (kind === "plain" && tsImports)) return `./${path}`;
  return `./${kind === "plain" ? path.replace(/ts$/, "js") : path.replace(/\.\w+$/, "")}`;
}

function mount(project: Project): readonly string[] {
  if (project.configFile === undefined) return [];
  const storage = `storage: { uploads: { driver: "unbucket/drivers/env" } }`;
  return [
    "",
    `To have the same files in useStorage("uploads"), add to ${project.configFile}:`,
    `  ${project.kind === "nuxt" ? `nitro: { ${storage} }` : storage},`,
    `  then objects(useStorage("uploads")) from "unbucket" gives the five verbs on the mount`,
  ];
}
