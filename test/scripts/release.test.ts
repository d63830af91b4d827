import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";

const script = fileURLToPath(new URL("../../scripts/release.mjs", import.meta.url));

/** A repository with one release, and what releases of it are made with. */
function repository() {
  const folder = mkdtempSync(join(tmpdir(), "unbucket-release-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], { cwd: folder, encoding: "utf8" });
  const commit = (message: string): string => git("commit", "--quiet", "--allow-empty", "-m", message);
  const env = { ...process.env, GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b.c", GITHUB_REPOSITORY: "a/x" };
  const release = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [script, ...args], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...env, GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b.c" },
    });
  const read = (file: string): string => readFileSync(join(folder, file), "utf8");
  const where = { repository: { type: "git", url: "git+https://github.com/a/x.git" } };
  const manifest = `${JSON.stringify({ name: "x", version: "0.1.0", ...where }, null, 2)}\n`;
  const lock = { name: "x", version: "0.1.0", packages: { "": { version: "0.1.0" }, other: { version: "0.1.0" } } };
  writeFileSync(join(folder, "package.json"), manifest);
  writeFileSync(join(folder, "jsr.json"), manifest);
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock, null, 2));
  writeFileSync(join(folder, "CHANGELOG.md"), "# Changelog\n\n## Unreleased: 0.1.0\n\nThe first version.\n");
  git("init", "--quiet");
  git("add", ".");
  commit("feat: all of it");
  release();
  return { git, commit, release, read, folder };
}

it("release.mjs makes the first release of what the changelog tells", () => {
  const { git, release, read, folder } = repository();
  expect(git("tag").trim()).toBe("v0.1.0");
  expect(read("CHANGELOG.md")).toMatch(/^# Changelog\n\n## 0\.1\.0 \(\d{4}-\d\d-\d\d\)\n\nThe first version\.\n$/);
  expect(release("--check", "v0.1.0")).toBe("");
  expect(() => release("--check", "v0.2.0")).toThrow("is not the version of package.json");
  expect(() => release()).toThrow("nothing to release since v0.1.0");
  writeFileSync(join(folder, "package.json"), read("package.json").replace("a/x", "b/x"));
  expect(() => release("--check", "v0.1.0")).toThrow(
    "repository.url in package.json is not git+https://github.com/a/x.git",
  );
});

it("release.mjs makes version and section out of the titles since the last tag, and tags its own commit", () => {
  const { git, commit, release, read } = repository();
  commit("fix(s3): a reply that was lost");
  commit("docs: nobody needs to hear of it");
  commit("no conventional title");
  const dry = release("--dry");
  expect(dry).toMatch(/^## 0\.1\.1 \(\d{4}-\d\d-\d\d\)\n\n### Fixed\n\n- s3: a reply that was lost\n/);
  expect(git("status", "--porcelain")).toBe("");
  commit("feat(fs)!: another layout");
  commit("perf: half the time\n\nBREAKING CHANGE: of an option");
  commit("fix(cli): a shell takes $& and $' as they are");
  release();
  const [, section = ""] = read("CHANGELOG.md").split(/^## /m);
  expect(section).toMatch(/^0\.2\.0 /);
  expect(section).toContain(
    "### Breaking\n\n- half the time\n- fs: another layout\n\n### Fixed\n\n- cli: a shell takes $& and $' as they are\n- s3: a reply",
  );
  expect(section).not.toMatch(/nobody|conventional/);
  expect(read("CHANGELOG.md")).toContain("\n\n## 0.1.0 (");
  expect(JSON.parse(read("package.json"))).toMatchObject({ version: "0.2.0" });
  expect(JSON.parse(read("jsr.json"))).toMatchObject({ version: "0.2.0" });
  expect(JSON.parse(read("package-lock.json"))).toMatchObject({
    version: "0.2.0",
    packages: { "": { version: "0.2.0" }, other: { version: "0.1.0" } },
  });
  expect(git("describe", "--exact-match").trim()).toBe("v0.2.0");
  expect(git("log", "-1", "--format=%s").trim()).toBe("chore(release): 0.2.0");
});

it("release.mjs takes a version that it is given, and refuses what is none and a tree with changes", () => {
  const { git, commit, release, read } = repository();
  commit("feat: more");
  expect(release("--dry", "1.0.0")).toContain("## 1.0.0 (");
  expect(() => release("1.0")).toThrow("1.0 is no version");
  git("rm", "--quiet", "--cached", "jsr.json");
  expect(() => release()).toThrow("has changes");
  expect(read("package.json")).toContain('"0.1.0"');
});
