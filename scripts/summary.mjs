/**
 * Prints the closing line of a test run, `N passed, M failed`, from vitest's JSON report, and ends with its verdict:
 * `node scripts/summary.mjs report.json exit-code-of-the-run`.
 */
import { readFileSync } from "node:fs";

const [path, code] = process.argv.slice(2);

/** @returns {{ passed: number, failed: string[] }} */
function read() {
  const failed = [];
  let passed = 0;
  for (const file of JSON.parse(readFileSync(path, "utf8")).testResults) {
    // A file that could not be loaded, or whose hook failed, has no test to blame.
    const blamed = file.assertionResults.some(({ status }) => status === "failed");
    if (file.status === "failed" && !blamed) failed.push(`${file.name}: ${file.message}`);
    for (const { status, fullName } of file.assertionResults) {
      if (status === "passed") passed++;
      else failed.push(`${fullName} (${status})`);
    }
  }
  return { passed, failed };
}

let result;
try {
  result = read();
} catch (error) {
  result = { passed: 0, failed: [`no report: ${error.message}`] };
}
if (Number(code) !== 0 && result.failed.length === 0) result.failed.push(`the run ended with ${code}`);
if (result.passed === 0 && result.failed.length === 0) result.failed.push("no test ran");
for (const name of result.failed) console.log(`failed: ${name}`);
console.log(`${result.passed} passed, ${result.failed.length} failed`);
process.exit(result.failed.length === 0 ? 0 : 1);
