import { expect, it, onTestFinished, vi } from "vitest";
import * as node from "../../../src/sigv4/digest.node.ts";
import * as web from "../../../src/sigv4/digest.web.ts";

const DATA: readonly (string | Uint8Array)[] = [
  "",
  "abc",
  "漢字 😀",
  new Uint8Array(0),
  new Uint8Array(1000).fill(7),
  new Uint8Array(100).fill(9).subarray(3, 50),
];

it("digestName says web", () => {
  expect(web.digestName).toBe("web");
});

it.each(DATA)("digests %j as Node does", async (data) => {
  expect(await web.sha256Hex(data)).toBe(node.sha256Hex(data));
  expect(await web.sha256Base64(data)).toBe(node.sha256Base64(data));
});

it.each(["Jefe", "漢", new Uint8Array(131).fill(0xaa), new Uint8Array(40).subarray(8)])(
  "hmac with the key %j is Node's",
  async (key) => {
    for (const data of ["", "what do ya want for nothing?", "漢字"]) {
      const raw = typeof key === "string" ? new TextEncoder().encode(key) : key;
      expect(await web.hmacHex(await web.hmacKey(raw), data)).toBe(node.hmacHex(node.hmacKey(raw), data));
      expect([...(await web.hmac(key, data))]).toEqual([...node.hmac(key, data)]);
    }
  },
);

it("says what is missing on a page that is no secure context", async () => {
  vi.stubGlobal("crypto", { getRandomValues: () => {} });
  onTestFinished(() => void vi.unstubAllGlobals());
  const refused = { code: "unsupported", message: expect.stringContaining("on https and localhost alone") as string };
  for (const call of [
    () => web.sha256Hex("a"),
    () => web.sha256Base64("a"),
    () => web.hmacKey("a"),
    () => web.hmac("a", "b"),
  ])
    await expect(call()).rejects.toMatchObject(refused);
});
