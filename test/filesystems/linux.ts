/**
 * A Linux of its own as a process, with file systems that the machine under it need not have: User Mode Linux, whose root is that of this
 * machine. It needs no rights here.
 * @see https://docs.kernel.org/virt/uml/user_mode_linux_howto_v2.html
 */
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const here = fileURLToPath(new URL(".", import.meta.url));
/** Where Debian puts the modules of its kernel. */
const MODULES = "/usr/lib/uml/modules";
/** What these tests need of it. */
const PACKAGES = "build-essential user-mode-linux kmod dosfstools nfs-kernel-server nfs-common rpcbind diod";
/** Begins a line that is for who started it: the kernel writes to the same console. */
const MARK = "result: ";

/** What is mounted there before a command runs: a script beside this file, and what it is told. */
export type Mounts = readonly [script: "9p.sh" | "fat.sh" | "nfs.sh", ...args: string[]];

/** Starts a Linux, mounts, runs `node` with the arguments, and gives the lines that it has marked; rejects with all it wrote when it fails. */
export async function linux(mounts: Mounts, args: readonly string[], seconds: number): Promise<readonly string[]> {
  if (!existsSync(MODULES)) throw new Error(`there is no User Mode Linux: on Debian, apt-get install ${PACKAGES}`);
  const folder = mkdtempSync(join(tmpdir(), "unbucket-linux-"));
  try {
    const modules = join(folder, "lib/modules");
    mkdirSync(modules, { recursive: true });
    for (const version of readdirSync(MODULES)) symlinkSync(join(MODULES, version), join(modules, version));
    const quoted = (words: readonly string[]): string =>
      words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    const [script, ...told] = mounts;
    const init = join(folder, "init");
    writeFileSync(
      init,
      `#!/bin/bash
export MODULES=${quoted([folder])} PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
. ${quoted([join(here, "start.sh")])}
. ${quoted([join(here, script), ...told])}
${quoted([process.execPath, ...args])}
echo "${MARK}ended with $?"
echo o > /proc/sysrq-trigger
sleep 60
`,
      { mode: 0o755 },
    );
    const root = ["root=/dev/root", "rootfstype=hostfs", "rootflags=/", "rw"];
    const console = ["con=null", "con0=null,fd:1", "quiet"];
    const registers = join(folder, "xstate.so");
    await promisify(execFile)("cc", ["-shared", "-fPIC", "-o", registers, join(here, "xstate.c")]);
    const kernel = ["linux.uml", ...root, `init=${init}`, "mem=2G", ...console];
    const out = await run(kernel, registers, seconds);
    const lines = out.split(/\r?\n/).filter((line) => line.startsWith(MARK));
    if (lines.at(-1) !== `${MARK}ended with 0`) throw new Error(`it did not end well:\n${out}`);
    return lines.slice(0, -1).map((line) => line.slice(MARK.length));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is said when the command has ended. */
const ENDED = new RegExp(`^${MARK}ended with \\d+\\r?$`, "m");
/** Milliseconds that the power off may take. */
const OFF = 10_000;

/** Gives what it has written. How it ends after the command counts for nothing: at the power off its kernel now and then fails, or stands still. */
function run([command = "", ...args]: readonly string[], registers: string, seconds: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, LD_PRELOAD: registers },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let out = "";
    let limit = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      if (!ENDED.test(out)) return;
      clearTimeout(limit);
      limit = setTimeout(() => child.kill("SIGKILL"), OFF);
    });
    child.once("error", reject).once("close", (code, signal) => {
      clearTimeout(limit);
      if (ENDED.test(out)) resolve(out);
      else reject(new Error(`it ended early (${signal ?? code}):\n${out}`));
    });
  });
}
