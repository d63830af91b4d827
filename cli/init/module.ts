/** Writes the storage module: five verbs over the driver that the environment chooses. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Change } from "./change.ts";
import { ENDINGS, type Project } from "./project.ts";

/** One function of the module. */
interface Verb {
  readonly doc: string;
  readonly name: string;
  readonly method: string;
  readonly parameters: readonly (readonly [name: string, type: string])[];
  readonly result: string;
}

const VERBS: readonly Verb[] = [
  {
    doc: "Stores text, bytes, a File, a Response or a stream of any length.",
    name: "upload",
    method: "upload",
    parameters: [
      ["key", "string"],
      ["body", "UploadBody"],
      ["options", "UploadOptions"],
    ],
    result: "ObjectInfo",
  },
  {
    doc: "Opens an object: `body` is a stream, `bytes()`, `text()` and `json()` read it whole. Rejects with code `not-found`.",
    name: "download",
    method: "download",
    parameters: [
      ["key", "string"],
      ["options", "DownloadOptions"],
    ],
    result: "DownloadedObject",
  },
  {
    doc: "Deletes an object; one that is not there is fine.",
    name: "remove",
    method: "delete",
    parameters: [["key", "string"]],
    result: "void",
  },
  {
    doc: "Whether an object is there.",
    name: "exists",
    method: "exists",
    parameters: [["key", "string"]],
    result: "boolean",
  },
  {
    doc: "A URL that works for an hour without keys, or null for a folder without a gateway: then serve the object from a route of your own.",
    name: "presign",
    method: "presign",
    parameters: [
      ["key", "string"],
      ["options", "PresignOptions"],
    ],
    result: "Presigned | null",
  },
];

/** Path of the module, existing or new. */
function modulePath(project: Project): string {
  const folder = project.moduleFolder === "." ? "" : `${project.moduleFolder}/`;
  const existing = ENDINGS.map((ending) => `${folder}storage.${ending}`).find((path) =>
    existsSync(join(project.dir, path)),
  );
  if (existing !== undefined) return existing;
  // Workers, Nitro and Nuxt use bundlers, which read every .js as an ES module. Plain Node decides by package.json.
  return `${folder}storage.${project.typescript ? "ts" : project.esm || project.kind !== "plain" ? "js" : "mjs"}`;
}

/** Creates the module, unless a file of that name exists. */
export function moduleChange(project: Project): Change {
  const path = modulePath(project);
  if (existsSync(join(project.dir, path))) return { path, action: "keep", text: "", note: "is there already" };
  return { path, action: "create", text: moduleText(project), note: "upload, download, remove, exists, presign" };
}

function moduleText(project: Project): string {
  const workers = project.kind === "workers";
  const imports = [
    ...(workers ? ['import { env } from "cloudflare:workers";'] : []),
    ...(project.typescript
      ? [
          "import type {",
          "  DownloadedObject,",
          "  DownloadOptions,",
          "  ObjectInfo,",
          "  ObjectStore,",
          "  Presigned,",
          "  PresignOptions,",
          "  UploadBody,",
          "  UploadOptions,",
          '} from "unbucket";',
        ]
      : []),
    'import { getStorage } from "unbucket/drivers/env";',
  ];
  const where = workers ? "an S3 bucket" : "a folder or an S3 bucket";
  return [
    `/** The files of this app: in ${where}, as the STORAGE_* variables say (see .env.example). */`,
    ...imports,
    "",
    "/** Everything else that the storage can do: head, list, copy, move, deletePrefix. The same object for the same variables. */",
    `export function storage()${project.typescript ? ": ObjectStore" : ""} {`,
    `  return getStorage(${workers ? "env" : ""});`,
    "}",
    ...VERBS.map((verb) => verbText(verb, project.typescript)),
    "",
  ].join("\n");
}

function verbText({ doc, name, method, parameters, result }: Verb, typescript: boolean): string {
  const declared = parameters.map(([parameter, type]) =>
    typescript ? `${parameter}${parameter === "options" ? "?" : ""}: ${type}` : parameter,
  );
  const returns = typescript ? `: Promise<${result}>` : "";
  const passed = parameters.map(([parameter]) => parameter).join(", ");
  return `\n/** ${doc} */\nexport function ${name}(${declared.join(", ")})${returns} {\n  return storage().${method}(${passed});\n}`;
}
