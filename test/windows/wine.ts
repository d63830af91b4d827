/** Node for Windows on Linux, by Wine, which has Windows' rules of names, of times, and of files that somebody holds. */
import { execFile, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { installed } from "../runtimes/install.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Windows of its own, with an empty disk C:. Linux' root is its disk Z:. */
export interface Windows {
  /** Runs Node to its end; gives its code and all that it has printed. */
  node(args: readonly string[], options?: RunOptions): Promise<{ code: number | null; out: string }>;
  remove(): Promise<void>;
}

/** How Node is run. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A new Windows, of the version that Node asks for. */
export async function windows(): Promise<Windows> {
  // It is of another platform than npm's own. Later ones ask for more memory than Wine 8 has.
  const modules = await installed(here, ["--force"]);
  const folder = mkdtempSync(join(tmpdir(), "unbucket-wine-"));
  const { PATH = "" } = process.env;
  const prefix = { WINEPREFIX: join(folder, "prefix"), WINEARCH: "win64", WINEDEBUG: "-all" };
  // Without a language there are no names but of ASCII.
  const own = { PATH, HOME: folder, LANG: "C.UTF-8", ...prefix };
  const wine = (...args: readonly string[]): Promise<unknown> => promisify(execFile)("wine", args, { env: own });
  const remove = async (): Promise<void> => {
    // It fails where none of its programs run.
    await promisify(execFile)("wineserver", ["--kill"], { env: own }).catch(() => {});
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await wine("wineboot", "--init");
    await wine("reg", "add", "HKEY_CURRENT_USER\\Software\\Wine", "/v", "Version", "/d", "win10", "/f");
  } catch (cause) {
    await remove();
    throw new Error("Wine does not start: on Debian, `apt-get install wine`", { cause });
  }
  let count = 0;
  return {
    async node(args, { cwd = folder, env = {} } = {}) {
      // Into a file: a pipe is none to Node there.
      const path = join(folder, `out.${++count}`);
      const out = openSync(path, "w");
      const command = [join(modules, "node22/bin/node.exe"), ...args];
      const child = spawn("wine", command, { cwd, env: { ...own, ...env }, stdio: ["ignore", out, out] });
      closeSync(out);
      const code = await new Promise<number | null>((resolve, reject) =>
        child.once("error", reject).once("close", resolve),
      );
      // Wine tells there of threads of its own that fail, as now and then at a program's end, whose code is what counts.
      return { code, out: readFileSync(path, "utf8").replaceAll(/^wine: .*\r?\n/gm, "") };
    },
    remove,
  };
}
