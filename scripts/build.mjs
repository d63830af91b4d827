/** Builds dist/ from nothing, plain tsc output with one module per source file, then the playground against it. */
import { execFileSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";

for (const [project, output] of [
  ["tsconfig.build.json", "dist"],
  ["playground/tsconfig.json", "playground/dist"],
]) {
  rmSync(output, { recursive: true, force: true });
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", project], { stdio: "inherit" });
}
chmodSync("dist/cli/main.js", 0o755);
