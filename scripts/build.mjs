/** Builds dist/ from nothing, the declarations by tsc and the modules by rolldown, then the playground against it. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";

const node = (...args) => execFileSync(process.execPath, args, { stdio: "inherit" });
const compile = (project) => node("node_modules/typescript/bin/tsc", "-p", project);

rmSync("dist", { recursive: true, force: true });
compile("tsconfig.build.json");
node("scripts/modules.mjs");
rmSync("playground/dist", { recursive: true, force: true });
compile("playground/tsconfig.json");
