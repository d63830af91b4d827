/** The report of a probe, and its table. */
import { UNSEEN } from "../../../src/unseen.ts";
import { type Feature, FEATURES, FEATURE_NAMES } from "./feature.ts";
import type { Finding } from "./finding.ts";

/** The findings of one probe. Plain data without secrets. */
export interface ProbeReport {
  /** Its name. */
  readonly bucket: string;
  /** What the server calls itself, where it does. */
  readonly server: string | undefined;
  /** What was found of each feature. */
  readonly findings: Readonly<Record<Feature, Finding>>;
  /** How many were sent, also to remove what was made. */
  readonly requests: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Full keys that are still there, since the store refused to delete them. */
  readonly left: readonly string[];
}

/** The findings as a Markdown table. */
export function format(report: ProbeReport): string {
  const { bucket, server, requests, duration, left, findings } = report;
  const rows = FEATURE_NAMES.map((feature) => {
    const { answer, said } = findings[feature];
    return `| ${feature} | ${FEATURES[feature]} | ${answer} | ${cell(said)} |`;
  });
  const seconds = (duration / 1000).toFixed(1);
  return [
    `Bucket ${bucket}${server ? `, server ${cell(server)}` : ""}: ${requests} requests in ${seconds} s`,
    "",
    "| feature | what it means | answer | what the server said |",
    "|---|---|---|---|",
    ...rows,
    ...advice(findings).flatMap((line) => ["", line]),
    ...(left.length > 0 ? ["", `Not removed: ${left.map((key) => `\`${key}\``).join(", ")}`] : []),
    "",
  ].join("\n");
}

/** What to do about conditions that the server ignores: no error tells what is lost by that. */
function advice(findings: ProbeReport["findings"]): readonly string[] {
  const passesOver = (...features: readonly Feature[]): boolean => features.some((one) => findings[one].passedOver);
  if (passesOver("put-if-none-match", "put-if-match")) {
    const lost = "`ifNoneMatch` and `ifMatch` would replace what they must not, and `update` lose what others write";
    return [
      `Give the driver \`conditionalWrites: false\`, or the environment \`STORAGE_S3_CONDITIONAL_WRITES=false\`: the server ignores conditions of a PUT, so ${lost}.`,
    ];
  }
  if (passesOver("complete-if-none-match", "complete-if-match"))
    return ["Above `partSize` conditions do not hold: the server ignores those of an upload in parts."];
  return [];
}

/** Text of a server, escaped for a cell of the table. */
function cell(text: string): string {
  return text.replace(UNSEEN, " ").replace(/[|\\`<]/g, (char) => `\\${char}`);
}
