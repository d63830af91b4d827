/** What a run of the suite gave. */
export interface Report {
  readonly passed: number;
  /** Names of the cases that failed, with what they said. */
  readonly failed: readonly string[];
}

/** Counts the test cases of a JUnit file, the one format that every runner writes. */
export function fromJunit(xml: string): Report {
  const failed: string[] = [];
  let passed = 0;
  for (const [, attributes = "", body = ""] of xml.matchAll(
    /<testcase\b((?:[^>"]|"[^"]*")*?)(?:\/>|>([^]*?)<\/testcase>)/g,
  )) {
    const name = decode(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? "");
    const problem = /<(?:failure|error|skipped)\b((?:[^>"]|"[^"]*")*)>?([^<]*)/.exec(body);
    if (problem === null) passed++;
    else
      failed.push(`${name}: ${decode(/\bmessage="([^"]*)"/.exec(problem[1] ?? "")?.[1] ?? problem[2] ?? "").trim()}`);
  }
  return { passed, failed };
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replace(/&(?:#(x?)([\da-f]+)|(\w+));/gi, (whole, hex, digits, name) =>
    digits ? String.fromCodePoint(Number.parseInt(digits, hex ? 16 : 10)) : (entities[name] ?? whole),
  );
}
