/** The documents and what a machine can read of them: fenced blocks, tables, links. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** One fenced block. */
export interface Block {
  /** `README.md:41`. */
  readonly place: string;
  readonly document: string;
  readonly info: string;
  readonly code: string;
}

/**
 * How a block is run. `live` needs an S3 server and `worker` workerd, see docs.live.test.ts; `fixture` is a file of an app,
 * see hosts.live.test.ts, `runner` the cases under a test runner, see runtimes/guide.test.ts, `wrangler` the configuration of
 * the Worker in the same document, see playground/wrangler.test.ts, and `proxy` that of a reverse proxy, see proxies/.
 */
export type Kind =
  | "run"
  | "live"
  | "worker"
  | "json"
  | "env"
  | "sh"
  | "tree"
  | "layout"
  | "curl"
  | "fixture"
  | "runner"
  | "wrangler"
  | "proxy";

/** All documents that people read: in the root, beside what they are about, in the playground. */
export const documents: readonly string[] = ["", "src/", "drivers/", "playground/"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => folder + name),
);

/** A document's text. */
export function textOf(document: string): string {
  return existsSync(join(root, document)) ? readFileSync(join(root, document), "utf8") : "";
}

/** Every fenced block of a document, in order. A fence that is not closed throws. */
export function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  let open: { info: string; line: number; code: string[] } | undefined;
  for (const [index, line] of textOf(document).split("\n").entries()) {
    const fence = /^\s*```(.*)$/.exec(line);
    if (!fence) open?.code.push(line);
    else if (!open) open = { info: (fence[1] ?? "").trim(), line: index + 1, code: [] };
    else {
      blocks.push({ place: `${document}:${open.line}`, document, info: open.info, code: open.code.join("\n") });
      open = undefined;
    }
  }
  if (open) throw new Error(`${document}:${open.line}: the block is not closed`);
  return blocks;
}

/** Every block of every document. */
export const blocks: readonly Block[] = documents.flatMap(blocksOf);

/** How a block is run, by its info string; one that nobody knows throws, so that none is left out in silence. */
export function kindOf({ info, code, place }: Block): Kind {
  if (info === "ts" && code.startsWith("// server/")) return "fixture";
  if (info === "js" && code.startsWith("// driver.")) return "runner";
  if ((info === "ts" || info === "js") && code.includes('"unbucket/drivers/r2"')) return "worker";
  // A gateway is the server of its block.
  if (info === "ts" || info === "js")
    return code.includes('"unbucket/drivers/s3"') && !code.includes('"unbucket/gateway"') ? "live" : "run";
  if (info === "sh" && code.includes("curl ")) return "curl";
  if (info === "json" || info === "env" || info === "sh") return info;
  if (info === "jsonc" && code.startsWith("// wrangler.jsonc")) return "wrangler";
  if (info === "nginx" || info === "apache") return "proxy";
  if (info === "text tree") return "tree";
  if (info === "text layout") return "layout";
  throw new Error(`${place}: nothing is known of how to run a block marked ${JSON.stringify(info)}`);
}

/** The blocks of one kind, named by their place, for `test.each`. */
export function blocksOfKind(kind: Kind): Block[] {
  return blocks.filter((block) => kindOf(block) === kind);
}

/** What stands below a heading, up to the next of its level or above; empty when there is none. */
export function sectionOf(document: string, heading: string): string {
  return new RegExp(`^(#+) ${heading}\\n([^]*?)(?=^#{1,2} |(?![^]))`, "m").exec(textOf(document))?.[2] ?? "";
}

/** What links may name of a document: its headings outside of blocks, as GitHub writes them. */
export function anchorsOf(document: string): Set<string> {
  const text = textOf(document).replace(/^\s*```[^]*?^\s*```/gm, "");
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading.toLowerCase());
  return new Set(headings.map((heading) => heading.replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")));
}

/** The names in backquotes in the first column of every table row. */
export function firstColumn(text: string): string[] {
  return [...text.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  );
}

/** The rows of a document's tables whose first cell is one name in backquotes, as that name and the other cells. */
export function rowsOf(document: string): Map<string, readonly string[]> {
  const rows = [...textOf(document).matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)];
  return new Map(rows.map(([, name = "", rest = ""]) => [name, rest.split("|").map((cell) => cell.trim())]));
}
