import { expect, it } from "vitest";
import { probe } from "../../../../drivers/s3/probe.ts";
import { FEATURE_NAMES } from "../../../../drivers/s3/probe/feature.ts";
import type { Finding } from "../../../../drivers/s3/probe/finding.ts";
import { format, type ProbeReport } from "../../../../drivers/s3/probe/report.ts";
import { type Instead, refusal, Store } from "./store.ts";

const finding: Finding = { answer: "yes", said: "PUT 200" };
const findings = Object.fromEntries(FEATURE_NAMES.map((name) => [name, finding])) as ProbeReport["findings"];
const report: ProbeReport = { bucket: "b", server: "Store", findings, requests: 7, duration: 1234, left: [] };

it("format gives a table with one row for each question", () => {
  const lines = format(report).split("\n");
  expect(lines[0]).toBe("Bucket b, server Store: 7 requests in 1.2 s");
  expect(lines.slice(4, -1)).toHaveLength(FEATURE_NAMES.length);
  for (const line of lines.slice(2, -1)) expect(line.match(/(?<!\\)\|/g)).toHaveLength(5);
  expect(format({ ...report, server: undefined })).toMatch(/^Bucket b: /);
});

it.each([
  [
    "put-if-none-match",
    "Give the driver `conditionalWrites: false`, or the environment `STORAGE_S3_CONDITIONAL_WRITES=false`: ",
  ],
  [
    "put-if-match",
    "Give the driver `conditionalWrites: false`, or the environment `STORAGE_S3_CONDITIONAL_WRITES=false`: ",
  ],
  ["complete-if-none-match", "Above `partSize` conditions do not hold: "],
  ["complete-if-match", "Above `partSize` conditions do not hold: "],
] as const)(
  "format says what to do when %s is passed over, and nothing when it is refused",
  async (feature, advice) => {
    const text = format(await probe(new Store([feature]).driver()));
    expect(text.split("\n").at(-2)?.slice(0, advice.length)).toBe(advice);
    const refuses: Instead = ({ method, query, headers }) =>
      (headers.has("if-match") || headers.has("if-none-match")) && (method === "PUT" || query.has("uploadId"))
        ? refusal(501, "NotImplemented")
        : undefined;
    expect(format(await probe(new Store([], refuses).driver()))).not.toMatch(/^(?:Give|Above)/m);
  },
);

it("format keeps what a server says within its cell", () => {
  const said = "a | b\n`c` <script>";
  const text = format({ ...report, server: "x\n|y", findings: { ...findings, crc32: { answer: "no", said } } });
  expect(text).toContain("| no | a \\| b \\`c\\` \\<script> |\n");
  expect(text.split("\n")[0]).toContain("server x \\|y:");
  expect(format({ ...report, server: "x\u001b[2J\u009b1m\u202ey" }).split("\n")[0]).toContain("server x [2J 1m y:");
});
