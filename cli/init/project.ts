/** Finds out from its files what kind of project this is. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** The kind of a project, which decides where the storage module goes and how it reads the environment. */
export type ProjectKind = "nuxt" | "nitro" | "workers" | "plain";

/** What is known about a project. */
export interface Project {
  readonly dir: string;
  readonly kind: ProjectKind;
  /** The kind in words, to print. */
  readonly title: string;
  readonly typescript: boolean;
  /** Whether `.js` files are ES modules. */
  readonly esm: boolean;
  /** Whether the compiler allows imports with `.ts` endings. */
  readonly tsImports: boolean;
  /** Whether `unbucket` is already a dependency. */
  readonly installed: boolean;
  /** Folder for the storage module, relative to `dir`. */
  readonly moduleFolder: string;
  /** Name of the configuration file for a mount; only with Nuxt and Nitro. */
  readonly configFile: string | undefined;
}

interface Manifest {
  readonly type?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** File endings of modules, in the order in which they are tried. */
export const ENDINGS: readonly string[] = ["ts", "mts", "js", "mjs", "cjs"];

const TS_IMPORTS = /"(?:allowImportingTsExtensions|rewriteRelativeImportExtensions)"\s*:\s*true/;
const TITLES: Readonly<Record<ProjectKind, string>> = {
  nuxt: "Nuxt",
  nitro: "Nitro",
  workers: "Cloudflare Workers",
  plain: "plain JavaScript",
};

/** Looks at a folder; throws if it is none, or has no readable package.json. */
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

  // Nuxt includes Nitro, and both may have a wrangler file to deploy to Workers: the outermost framework decides.
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
