/**
 * Makes a release out of the commits since the last tag: version, section of CHANGELOG.md, commit and tag, nothing pushed.
 * `node scripts/release.mjs` chooses the version by the titles; `node scripts/release.mjs 1.2.3` takes this one; `--dry` prints
 * what would be; `--check v1.2.3` is what the workflow asks before it publishes: whether tag, version and changelog agree, and the
 * manifest names the repository, without which npm refuses a provenance: https://docs.npmjs.com/generating-provenance-statements
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const SECTIONS = { feat: "Added", fix: "Fixed", perf: "Faster" };
const args = process.argv.slice(2);
const git = (...words) => execFileSync("git", words, { encoding: "utf8" }).trim();
const { version: current, repository } = JSON.parse(readFileSync("package.json", "utf8"));
const changelog = readFileSync("CHANGELOG.md", "utf8");

/** @param {string} message @returns {never} */
function stop(message) {
  console.error(message);
  process.exit(1);
}

if (args[0] === "--check") {
  if (args[1] !== `v${current}`) stop(`the tag ${args[1]} is not the version of package.json, ${current}`);
  if (!changelog.includes(`\n## ${current}`)) stop(`CHANGELOG.md has no section ${current}`);
  const url = `git+https://github.com/${process.env.GITHUB_REPOSITORY}.git`;
  if (repository?.url !== url) stop(`repository.url in package.json is not ${url}`);
  process.exit(0);
}

const last = git("tag", "--list", "v*", "--sort=-v:refname").split("\n")[0];
const log = git("log", "--no-merges", "--format=%s%x1f%b%x1e", ...(last ? [`${last}..HEAD`] : []));
const commits = log
  .split("\x1e")
  .map((entry) => /^(\w+)(?:\(([^)]*)\))?(!)?: ([^\x1f]*)\x1f([^]*)/.exec(entry.trim()))
  .filter((match) => match !== null)
  .map(([, type, scope, mark, title, body]) => ({
    ...{ type, scope, title },
    breaking: mark !== undefined || /^BREAKING CHANGE:/m.test(body),
  }));

/** By semantic versioning; before 1.0.0 the second number is what breaks. */
function next() {
  const [major, minor, patch] = current.split(".").map(Number);
  const breaks = commits.some(({ breaking }) => breaking);
  if (breaks && major > 0) return `${major + 1}.0.0`;
  if (breaks || (major > 0 && commits.some(({ type }) => type === "feat"))) return `${major}.${minor + 1}.0`;
  return `${major}.${minor}.${patch + 1}`;
}

/** @returns {string} */
function section(version) {
  const line = ({ scope, title }) => `- ${scope ? `${scope}: ` : ""}${title}`;
  const groups = [
    ["Breaking", commits.filter(({ breaking }) => breaking)],
    ...Object.entries(SECTIONS).map(([type, name]) => [
      name,
      commits.filter((commit) => commit.type === type && !commit.breaking),
    ]),
  ].filter(([, group]) => group.length > 0);
  const text = groups.map(([name, group]) => `### ${name}\n\n${group.map(line).join("\n")}\n`).join("\n");
  return `## ${version} (${new Date().toISOString().slice(0, 10)})\n\n${text}`;
}

const named = args.find((arg) => !arg.startsWith("--"));
// The first release is the one that package.json and CHANGELOG.md were written for.
const version = named ?? (last ? next() : current);
if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) stop(`${version} is no version`);
if (!last && !changelog.includes(`## Unreleased: ${version}`)) stop(`CHANGELOG.md has no "## Unreleased: ${version}"`);
const text = last ? section(version) : "";
if (last && !text.includes("\n### ")) stop(`nothing to release since ${last}: no feat, fix or perf`);

if (args.includes("--dry")) {
  console.log(text || `## ${version} (${new Date().toISOString().slice(0, 10)})`);
  process.exit(0);
}
if (git("status", "--porcelain") !== "") stop("the work tree has changes: commit them first");
const dated = `## ${version} (${new Date().toISOString().slice(0, 10)})`;
writeFileSync(
  "CHANGELOG.md",
  // By a function, since a title may have what a text in place of another does not take as it is, such as `$&`.
  last ? changelog.replace("\n## ", () => `\n${text}\n## `) : changelog.replace(`## Unreleased: ${version}`, dated),
);
for (const file of ["package.json", "package-lock.json", "jsr.json"]) {
  const before = readFileSync(file, "utf8");
  // The first two of a lock file are the package's own.
  let left = file === "package-lock.json" ? 2 : 1;
  const after = before.replace(/"version": "[^"]*"/g, (match) => (left-- > 0 ? `"version": "${version}"` : match));
  writeFileSync(file, after);
}
git(
  "commit",
  "--quiet",
  "-m",
  `chore(release): ${version}`,
  "--",
  "CHANGELOG.md",
  "package.json",
  "package-lock.json",
  "jsr.json",
);
git("tag", "--annotate", `v${version}`, "-m", `v${version}`);
console.log(`v${version} is made: git push --follow-tags publishes it`);
