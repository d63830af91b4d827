import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { sources } from "../architecture/tree.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Instructions as pairs, lines that are continued joined. */
const instructions = readFileSync(join(root, "playground/Dockerfile"), "utf8")
  .replace(/^#.*\n/gm, "")
  .replace(/\\\n\s*/g, "")
  .split("\n")
  .filter(Boolean)
  .map((line) => /^(\w+) (.*)$/.exec(line)?.slice(1) as [name: string, rest: string]);
const all = (name: string): string[] => instructions.filter(([found]) => found === name).map(([, rest]) => rest);

it("the image is built in two stages on a Node of an exact version", () => {
  expect(all("FROM")).toHaveLength(2);
  for (const from of all("FROM")) expect(from).toMatch(/^node:\d+\.\d+\.\d+-[a-z]+-slim( AS \w+)?$/);
});

it("it runs what was built, as another user than root, by its number, with nothing between it and SIGTERM, and tells its health", () => {
  const [command = ""] = all("CMD");
  expect(JSON.parse(command)).toEqual(["node", "playground/dist/server.js"]);
  const user = instructions.findIndex(([name]) => name === "USER");
  expect(instructions[user]).toEqual(["USER", "1000:1000"]);
  expect(instructions.slice(user).some(([name]) => name === "RUN" || name === "COPY")).toBe(false);
  expect(all("HEALTHCHECK")[0]).toContain("http://127.0.0.1:");
});

it("it takes nothing from the tree but what is there and what its ignore file lets through", () => {
  const taken = all("COPY")
    .filter((copy) => !copy.startsWith("--from"))
    .flatMap((copy) => copy.split(" ").slice(0, -1));
  const allowed = readFileSync(join(root, "playground/Dockerfile.dockerignore"), "utf8");
  expect(taken.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect(taken.filter((path) => !allowed.split("\n").includes(`!${path}`))).toEqual([]);
});

it("it keeps the packages that the app imports, and no other that only the tests need", () => {
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const [, removed = ""] = all("RUN")
    .join(" ")
    .split(/npm uninstall(?: --[\w-]+)*/);
  const names = removed.trim().split(/\s+/).slice(0, removed.trim().split(/\s+/).indexOf("mkdir"));
  // The driver of db0 loads libSQL's client.
  const imported = [
    "@libsql/client",
    ...sources("playground").flatMap(({ imports }) => imports.map(({ target }) => target)),
  ];
  const needed = Object.keys(devDependencies).filter((name) =>
    imported.some((target) => target === name || target.startsWith(`${name}/`)),
  );
  expect([...names, ...needed].sort()).toEqual(Object.keys(devDependencies).sort());
});
