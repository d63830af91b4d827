/** Builds dist/ from nothing, plain tsc output with one module per source file; then the playground against it. */
import { execFileSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";

const tsc = (project) => execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", project], { stdio: "inherit" });

for (const built of ["dist", "playground/dist"]) rmSync(built, { recursive: true, force: true });
tsc("tsconfig.build.json");
chmodSync("dist/cli/main.js", 0o755);
tsc("playground/tsconfig.json");
