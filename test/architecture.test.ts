import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { importRules, testedElsewhere, withoutSource } from "./architecture/rules.ts";
import { codeOf, importsOf, sources, type SourceFile } from "./architecture/tree.ts";

const core = sources("src");
const drivers = sources("drivers");
const shipped = [...core, ...drivers, ...sources("cli")];
const product = [...shipped, ...sources("playground")];
const tests = sources("test").filter(({ path }) => !path.startsWith("test/runtimes/node_modules/"));
const everything = [...product, ...tests, ...sources("scripts")];
const paths = new Set(everything.map(({ path }) => path));

/** Fails with one readable line for each offender. */
function expectNone(offenders: readonly string[]): void {
  expect(offenders.length === 0 ? "" : `\n  ${offenders.join("\n  ")}\n`).toBe("");
}

/** The rule that judges a file. */
function ruleOf(path: string): (typeof importRules)[number] | undefined {
  return importRules.find(({ files }) => files.test(path));
}

/** What stands in backquotes. */
function named(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}

/** The lines of a file that match, as `path:line: text`. */
function grep(file: SourceFile, pattern: RegExp, text: string = file.text): string[] {
  return text
    .split("\n")
    .flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}: ${line.trim()}`] : []));
}

describe("imports", () => {
  it("go only where the house allows", () => {
    const offenders = everything.flatMap((file) => {
      const rule = ruleOf(file.path);
      const wrong = rule ? file.imports.filter(({ target }) => !rule.may.some((may) => may.test(target))) : [];
      return wrong.map(({ target }) => `${file.path} imports ${target} (allowed: ${rule?.why})`);
    });
    expectNone(offenders);
  });

  it("of relative paths name a file that exists, with its extension", () => {
    const relative = /^(src|drivers|cli|playground|test|scripts)\//;
    const offenders = everything
      .filter(({ path }) => !path.startsWith("test/fixtures/"))
      .flatMap(({ path, imports }) =>
        imports
          .filter(({ target }) => relative.test(target) && /\.[cm]?[jt]s$/.test(target) && !paths.has(target))
          .map(({ target }) => `${path} imports ${target}`),
      );
    expectNone(offenders);
  });

  it("have no cycles", () => {
    expectNone(cycles(product));
  });

  it("of mime are in one file, of aws4fetch in one folder", () => {
    const importers = (name: RegExp): string[] =>
      shipped.filter(({ imports }) => imports.some(({ target }) => name.test(target))).map(({ path }) => path);
    expect(importers(/^mime/)).toEqual(["src/type.ts"]);
    expectNone(importers(/^aws4fetch/).filter((path) => !path.startsWith("src/sigv4/")));
  });
});

describe("CONTRIBUTING.md's table of imports", () => {
  const text = readFileSync(new URL("../CONTRIBUTING.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| (`(?:src|drivers|cli|playground)\/[^|]*) \| ([^|]*) \|$/gm)].map(
    ([, where = "", may = ""]) => ({
      rules: named(where).map((path) => ruleOf(path.replace(/\/$/, "/x.ts").replace("*", "x"))),
      may: named(may),
    }),
  );
  const packages = ["mime/types/standard.js", "aws4fetch", "undici", "citty", "srvx", "node:crypto", "node:fs"];
  const outside = [...packages, "#digest", "#transport", "#folder"];

  it("has every rule", () => {
    const told = new Set(rows.flatMap(({ rules }) => rules));
    expectNone(importRules.filter((rule) => !told.has(rule)).map(({ files }) => String(files)));
  });

  it("names what each may import from outside, and nothing else", () => {
    const anything = "any-package";
    const offenders = rows.flatMap(({ rules, may }) =>
      rules.flatMap((rule) => {
        const allows = (name: string): boolean => rule?.may.some((allowed) => allowed.test(name)) ?? false;
        const tells = (name: string): boolean => may.includes(name) || may.includes(name.replace(/^node:.*/, "node:*"));
        const wrong = allows(anything) ? [] : outside.filter((name) => allows(name) !== tells(name));
        return wrong.map((name) => `${rule?.files}: ${name}`);
      }),
    );
    expectNone(offenders);
  });
});

describe("files", () => {
  it("have at most 300 lines", () => {
    expectNone(product.filter(({ lines }) => lines > 300).map(({ path, lines }) => `${path}: ${lines} lines`));
  });

  it("have a median of at most 120 lines", () => {
    const sorted = product.map(({ lines }) => lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(120);
  });

  it("are not grab-bags by name", () => {
    const bag = /\/(utils?|helpers?|types|common|misc|shared)(\.ts|\/)/;
    expectNone(everything.map(({ path }) => path).filter((path) => bag.test(path)));
  });
});

describe("code", () => {
  it("has no any", () => {
    const type = /(?:[:<|&,(=]|\bas|\bextends|\bsatisfies)\s*any\b(?!\s*[:(=])/;
    expectNone(everything.flatMap((file) => grep(file, type, file.code)));
  });

  it("of the core knows no Node", () => {
    const globals = /(?<![.\w$])(Buffer|process|__dirname|setImmediate|require)\b(?!\s*[:?])/;
    const portable = core.filter(({ path }) => path !== "src/sigv4/digest.node.ts");
    expectNone(portable.flatMap((file) => grep(file, globals, file.code)));
  });

  it("leaves nothing for later and silences no tool", () => {
    const later = /\b(TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b|@ts-(?:ignore|nocheck|expect-error)|(?:ox|es)lint-[d]isable/;
    expectNone(everything.flatMap((file) => grep(file, later)));
  });

  it("of tests skips, narrows and postpones nothing", () => {
    const narrowed =
      /\b(?:it|test|describe|suite|bench)(?:\.\w+)*\.(?:(?:only|skip|todo|fails)\b|(?:skipIf|runIf)\((?!process\.platform))|\bctx\.skip\(/;
    expectNone(tests.flatMap((file) => grep(file, narrowed, file.code)));
  });
});

describe("tests", () => {
  const tested = [...core, ...drivers].filter(
    (file) => hasCode(file) && !testedElsewhere.some(({ files }) => files.test(file.path)),
  );

  it("mirror the source: every file with code has one of the same path", () => {
    const offenders = tested
      .map(({ path }) => `test/${path.replace(/\.ts$/, "")}`)
      .filter((base) => !paths.has(`${base}.test.ts`) && !paths.has(`${base}.live.test.ts`));
    expectNone(offenders.map((base) => `${base}.test.ts is missing`));
  });

  it("mirror nothing that is not there", () => {
    const offenders = tests
      .map(({ path }) => path)
      .filter((path) => /^test\/(src|drivers)\/.*\.test\.ts$/.test(path))
      .filter((path) => !withoutSource.some(({ files }) => files.test(path)))
      .filter((path) => !paths.has(path.replace(/^test\//, "").replace(/(\.live)?\.test\.ts$/, ".ts")));
    expectNone(offenders);
  });

  it("run the conformance cases on every driver", () => {
    const runners = tests.filter(({ path }) => /^test\/conformance(\/|[\w.]*\.test\.ts$)/.test(path));
    const covered = new Set(runners.flatMap(({ imports }) => imports.map(({ target }) => target)));
    const doors = drivers.map(({ path }) => path).filter((path) => /^drivers\/\w+\.ts$/.test(path));
    // The environment's driver hands every call to another; a binding is there in workerd alone: see test/runtimes.
    expectNone(doors.filter((path) => !/^drivers\/(env|r2)\.ts$/.test(path) && !covered.has(path)));
  });
});

describe("the reading of files", () => {
  it("importsOf finds every form of import", () => {
    const text = `import a, { b } from "./a.ts";\nimport type { c } from "../c.ts";\nexport {\n  d,\n} from "d";\nimport "e";
/* import "not" */\n// import x from "not"\nconst f = await import("node:f");\nexport * from "#g";\n`;
    expect(importsOf("src/x/y.ts", text)).toEqual([
      { target: "src/x/a.ts", type: false },
      { target: "src/c.ts", type: true },
      { target: "d", type: false },
      { target: "#g", type: false },
      { target: "e", type: false },
      { target: "node:f", type: false },
    ]);
  });

  it("codeOf leaves neither comments nor the inside of strings", () => {
    expect(codeOf(`const a = "process"; // Buffer\n/* any */ f(\`x \${1}\`, 'y')`)).toBe(`const a = ""; \n f("", "")`);
  });
});

/** Whether anything of the file is left after types are erased and re-exports followed. */
function hasCode({ code }: SourceFile): boolean {
  return /^(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:abstract\s+)?(?:function|const|let|class)\b|^export default/m.test(
    code,
  );
}

/** Finds import cycles; types count too, since a cycle of types is two files that are one topic. */
function cycles(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
    else if (!done.has(path)) {
      for (const { target } of byPath.get(path)?.imports ?? []) if (byPath.has(target)) visit(target, [...trail, path]);
      done.add(path);
    }
  };
  for (const { path } of files) visit(path, []);
  return found;
}
