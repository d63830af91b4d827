import { expect, it } from "vitest";
import { fromJunit } from "./report.ts";

it("fromJunit counts cases and names those that failed, errored or were skipped", () => {
  const xml = `<testsuites><testsuite name="x" tests="5" failures="1">
    <testcase name="a: rule" time="0.1" classname="x"/>
    <testcase name="b: &lt;x&gt; &#x41;" time="0"><failure type="Error" message="expected 1 &gt; 0">at b</failure></testcase>
    <testcase name="c: text only"><error>broke</error></testcase>
    <testcase name="d: left out"><skipped type="skipped" message="true"/></testcase>
    <testcase name="e: > in a name"></testcase></testsuite></testsuites>`;
  expect(fromJunit(xml)).toEqual({
    passed: 2,
    failed: ["b: <x> A: expected 1 > 0", "c: text only: broke", "d: left out: true"],
  });
});
