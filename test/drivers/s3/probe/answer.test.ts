import { expect, it } from "vitest";
import { children, readAnswer, toAnswer } from "../../../../drivers/s3/probe/answer.ts";
import { atOnce } from "../../../../drivers/s3/at-once.ts";
import type { Pieces, WireResponse } from "../../../../drivers/s3/transport.ts";

const none = (): null => null;

it("toAnswer finds the code of a refusal, also of one that comes with 200", () => {
  const error = "<Error><Code>InvalidPart</Code></Error>";
  expect(toAnswer(400, error, none)).toMatchObject({ ok: false, code: "InvalidPart" });
  expect(toAnswer(200, ` \n${error}`, none)).toMatchObject({ ok: false, status: 200, code: "InvalidPart" });
  expect(toAnswer(204, "", none)).toMatchObject({ ok: true, code: undefined, root: undefined });
});

it.each(["<html><br>Bad gateway", "plain", "<"])("toAnswer takes %j for what it is", (text) => {
  expect(toAnswer(502, text, none)).toMatchObject({ ok: false, code: undefined, root: undefined, text });
});

it("children are none without a document", () => {
  const listed = toAnswer(200, "<L><Key>a</Key><Key>b</Key></L>", none);
  expect(children(listed, "Key").map(({ text }) => text)).toEqual(["a", "b"]);
  expect(children(toAnswer(200, "", none), "Key")).toEqual([]);
  expect(children(undefined, "Key")).toEqual([]);
});

it("readAnswer refuses an answer that is larger than any it asked for", async () => {
  const endless: Pieces = { next: async () => new Uint8Array(1000), cancel: () => {} };
  const bytes = (most: number): Promise<Uint8Array> => atOnce(endless, most, 0);
  const answer = { status: 200, header: none, bytes } as unknown as WireResponse;
  await expect(readAnswer(answer)).rejects.toMatchObject({ code: "corrupt" });
});
