import { describe, expect, it } from "vitest";
import { textOf } from "../../../src/gateway/received.ts";

describe("textOf", () => {
  it.each([
    ["ASCII as it is", "plain", "plain"],
    ["bytes of UTF-8 as their text", "\u00c3\u00bc \u00e6\u0097\u00a5", "\u00fc \u65e5"],
    ["other bytes as Latin-1", "\u00fc", "\u00fc"],
    ["text that a runtime has decoded already as it is", "\u65e5\u00c3\u00bc", "\u65e5\u00c3\u00bc"],
    ["a mark of the order of bytes as text", "\u00ef\u00bb\u00bfa", "\ufeffa"],
  ])("reads %s", (_, value, text) => {
    expect(textOf(value)).toBe(text);
  });
});
