/** The tables of drivers/providers.md, made from the profiles: documented facts are links to their page, what ran is bold. */
import { FEATURE_NAMES, FEATURES } from "../../drivers/s3/probe/feature.ts";
import { type Fact, type Limits, type Profile, profiles, type Provider } from "../../drivers/s3/providers.ts";

const own: readonly Provider[] = ["minio", "seaweedfs", "versitygw", "ceph", "garage"];
const others: readonly Provider[] = (Object.keys(profiles) as Provider[]).filter((name) => !own.includes(name));

const limits: Readonly<Record<keyof Limits, string>> = {
  leastPart: "smallest part that is not the last",
  largestPart: "largest part",
  parts: "parts of an upload",
  object: "largest object",
};

/** What stands in the document below its heading, from the first table to its end. */
export function providerTables(): string {
  const pages: string[] = [];
  const link = (text: string, page: string): string => {
    if (!pages.includes(page)) pages.push(page);
    return `[${text}][${pages.indexOf(page) + 1}]`;
  };
  const cell = (fact: Fact): string =>
    fact.how === "ran" ? `**${fact.answer}**` : fact.how === "documented" ? link(fact.answer, fact.page) : "";
  const tables = [own, others].map((names) => {
    const shown = names.map((name) => profiles[name]);
    return [
      row(["", ...shown.map(heading)]),
      row(["---", ...shown.map(() => "---")]),
      ...FEATURE_NAMES.map((feature) =>
        row([`\`${feature}\`: ${FEATURES[feature]}`, ...shown.map(({ facts }) => cell(facts[feature]))]),
      ),
    ].join("\n");
  });
  const bounded = Object.values(profiles).filter((profile) => Object.keys(profile.limits).length > 0);
  const bounds = [
    row(["", ...bounded.map(({ name }) => name)]),
    row(["---", ...bounded.map(() => "---")]),
    ...(Object.keys(limits) as (keyof Limits)[]).map((limit) =>
      row([limits[limit], ...bounded.map((profile) => bound(limit, profile, link))]),
    ),
  ].join("\n");
  const addresses = pages.map((page, index) => `[${index + 1}]: ${page}`).join("\n");
  return [...tables, bounds, addresses].join("\n\n");
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`
    .replaceAll("|  |", "| |")
    .replaceAll("|  |", "| |")
    .replace(/\| ---/g, "|---")
    .replace(/--- \|/g, "---|");
}

function heading({ name, facts }: Profile): string {
  const ran = Object.values(facts).find((fact) => fact.how === "ran");
  return ran?.how === "ran" ? `${name} ${ran.version}` : name;
}

function bound(limit: keyof Limits, { limits: known }: Profile, link: (text: string, page: string) => string): string {
  const found = known[limit];
  if (!found) return "";
  return link(limit === "parts" ? found.value.toLocaleString("en") : bytes(found.value), found.page);
}

function bytes(value: number): string {
  const decimal = value % 1e6 === 0;
  const base = decimal ? 1000 : 1024;
  const power = Math.floor(Math.log(value) / Math.log(base) + 1e-9);
  return `${Number((value / base ** power).toFixed(3))} ${["", "K", "M", "G", "T"][power]}${decimal ? "B" : "iB"}`;
}
