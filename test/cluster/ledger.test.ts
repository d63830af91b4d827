import { expect, it } from "vitest";
import { Ledger } from "./ledger.ts";

function ledgerOf(...outcomes: ("acknowledged" | "refused" | "uncertain")[]): Ledger {
  const ledger = new Ledger();
  for (const outcome of outcomes) ledger.begin("k").end(outcome);
  return ledger;
}

it("Ledger names the keys that something was acknowledged for", () => {
  expect(ledgerOf("acknowledged", "refused").keys()).toEqual(["k"]);
  expect(ledgerOf("refused", "uncertain").keys()).toEqual([]);
});

it("judge finds nothing wrong with what was acknowledged, and with later writes that may have been stored", () => {
  const judge = ledgerOf("acknowledged", "uncertain", "uncertain").judge("k");
  expect([1, 2, 3].map(judge)).toEqual([undefined, undefined, undefined]);
});

it("judge finds nothing wrong with a write that is under way, or was acknowledged while the read ran", () => {
  const ledger = ledgerOf("acknowledged");
  const judge = ledger.judge("k");
  const write = ledger.begin("k");
  expect(judge(2)).toBeUndefined();
  write.end("acknowledged");
  expect([1, 2].map(judge)).toEqual([undefined, undefined]);
});

it.each([
  ["a lost write", ["acknowledged", "acknowledged"], 1, "version 2 was acknowledged and version 1 is there"],
  ["a write that comes late", ["uncertain", "acknowledged"], 1, "version 2 was acknowledged and version 1 is there"],
  ["a refused write that was stored", ["acknowledged", "refused"], 2, "version 2 was refused and is there"],
  ["what nobody wrote", ["acknowledged"], 2, "version 2 was never written"],
] as const)("judge sees %s", (_, outcomes, found, problem) => {
  expect(ledgerOf(...outcomes).judge("k")(found)).toBe(problem);
});
