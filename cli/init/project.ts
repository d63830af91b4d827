/** Finds out what a project is from its files. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Where the storage module goes, and how it gets at the environment, depends on this. */
export type ProjectKind = "nuxt" | "nitro" | "workers" | "plain";

/** What is known of a project. */
export interface Project {
  readonly dir: string;
  readonly kind: ProjectKind;
  /** As it stands in a sentence. */
  readonly title: string;
  readonly typescript: boolean;
  /** Whether `.js` files are ES modules. */
  readonly esm: boolean;
  /** Whether the compiler lets imports name `.ts` files. */
  readonly tsImports: boolean;
  /** Whether `unbucket` is among its dependencies already. */
  readonly installed: boolean;
  /** The folder that the storage module goes to, relative to `dir`. */
  readonly moduleFolder: string;
  /** Name of the configuration file that a mount goes to, for Nuxt and Nitro. */
  readonly configFile: string | undefined;
}

interface Manifest {
  readonly type?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** The endings of a module, in the order in which one is looked for. */
export const ENDINGS: readonly string[] = ["ts", "mts", "js", "mjs", "cjs"];

const TS_IMPORTS = /"(?:allowImportingTsExtensions|rewriteRelativeImportExtensions)"\s*:\s*true/;
const TITLES: Readonly<Record<ProjectKind, string>> = {
  nuxt: "Nuxt",
  nitro: "Nitro",
  workers: "Cloudflare Workers",
  plain: "plain JavaScript",
};

/** Reads the folder; throws when it is none, or its package.json cannot be read. */
export function findProject(dir: string): Project {
  if (!existsSync(dir) || !statSync(dir).isDirectory())
    throw new Error(`${dir} is not a folder: name the project's folder with --dir`);
  const manifest = readManifest(dir);
  const packages = { ...manifest.dependencies, ...manifest.devDependencies };
  const nuxtConfig = findConfig(dir, "nuxt.config");
  const nitroConfig = findConfig(dir, "nitro.config");
  const kind = kindOf();
  const typescript =
    kind === "nuxt" || has("tsconfig.json") || "typescript" in packages || (nitroConfig?.endsWith("ts") ?? false);
  return {
    dir,
    kind,
    title: kind === "plain" && typescript ? "plain TypeScript" : TITLES[kind],
    typescript,
    esm: manifest.type === "module",
    tsImports: has("tsconfig.json") && TS_IMPORTS.test(readFileSync(join(dir, "tsconfig.json"), "utf8")),
    installed: "unbucket" in packages,
    moduleFolder: moduleFolder(),
    configFile:
      kind === "nuxt"
        ? (nuxtConfig ?? "nuxt.config.ts")
        : kind === "nitro"
          ? (nitroConfig ?? "nitro.config.ts")
          : undefined,
  };

  function has(name: string): boolean {
    return existsSync(join(dir, name));
  }

  // Nuxt brings Nitro, and both deploy to Workers with a wrangler file: the outermost framework decides.
  function kindOf(): ProjectKind {
    if (nuxtConfig !== undefined || "nuxt" in packages) return "nuxt";
    if (nitroConfig !== undefined || "nitro" in packages || "nitropack" in packages) return "nitro";
    if (["wrangler.toml", "wrangler.json", "wrangler.jsonc"].some(has)) return "workers";
    return "plain";
  }

  function moduleFolder(): string {
    if (kind === "nuxt") return "server/utils";
    if (kind === "nitro") return has("server") || servesFromServer() ? "server/utils" : "utils";
    return kind === "workers" || has("src") ? "src" : ".";
  }

  function servesFromServer(): boolean {
    if (nitroConfig === undefined) return false;
    return /\b(?:srcDir|serverDir)\s*:\s*["'`](?:\.\/)?server\b/.test(readFileSync(join(dir, nitroConfig), "utf8"));
  }
}

function findConfig(dir: string, name: string): string | undefined {
  return ENDINGS.map((ending) => `${name}.${ending}`).find((file) => existsSync(join(dir, file)));
}

function readManifest(dir: string): Manifest {
  const file = join(dir, "package.json");
  if (!existsSync(file))
    throw new Error(
      `There is no package.json in ${dir}: run "npm init" first, or name the project's folder with --dir`,
    );
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Manifest;
  } catch (cause) {
    throw new Error(`${file} is not valid JSON: mend it first`, { cause });
  }
}
