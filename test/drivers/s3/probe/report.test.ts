import { expect, it } from "vitest";
import { FEATURE_NAMES } from "../../../../drivers/s3/probe/feature.ts";
import type { Finding } from "../../../../drivers/s3/probe/finding.ts";
import { format, type ProbeReport } from "../../../../drivers/s3/probe/report.ts";

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

it("format keeps what a server says within its cell", () => {
  const said = "a | b\n`c` <script>";
  const text = format({ ...report, server: "x\n|y", findings: { ...findings, crc32: { answer: "no", said } } });
  expect(text).toContain("| no | a \\| b \\`c\\` \\<script> |\n");
  expect(text.split("\n")[0]).toContain("server x \\|y:");
  expect(format({ ...report, server: "x\u001b[2J\u009b1m\u202ey" }).split("\n")[0]).toContain("server x [2J 1m y:");
});
