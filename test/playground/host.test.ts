import { describe, expect, it } from "vitest";
import { Refused } from "../../playground/http/errors.ts";
import { allowedHosts, refuseOtherHosts } from "../../playground/http/host.ts";

const passes = (host: string | null, allowed: ReadonlySet<string> | null): boolean => {
  const request = new Request("http://127.0.0.1/", { headers: host === null ? {} : { host } });
  try {
    refuseOtherHosts(request, allowed);
    return true;
  } catch (error) {
    if (error instanceof Refused && error.status === 421) return false;
    throw error;
  }
};

describe("refuseOtherHosts", () => {
  it.each(["127.0.0.1", "localhost", "::1", "[::1]"])("on %s lets through loopback names at any port", (listensOn) => {
    const allowed = allowedHosts(listensOn);
    for (const host of ["localhost", "LocalHost:1", "127.0.0.1", "127.0.0.1:65535", "[::1]", "[::1]:3000"])
      expect([host, passes(host, allowed)]).toEqual([host, true]);
  });

  it.each([
    ...["evil.example", "evil.example:3000", "localhost.evil.example", "evil.example:localhost", "evil@localhost"],
    ...["localhost.", "127.0.0.1.evil.example", "192.168.0.1", "::1", "", ":80", null],
  ])("on 127.0.0.1 refuses %j", (host) => {
    expect(passes(host, allowedHosts("127.0.0.1"))).toBe(false);
  });

  it("knows another loopback address by itself, and refuses other names there", () => {
    expect(passes("127.0.0.2:3000", allowedHosts("127.0.0.2"))).toBe(true);
    expect(passes("evil.example", allowedHosts("127.0.0.2"))).toBe(false);
  });

  it.each(["0.0.0.0", "::", "192.168.0.7", "files.example"])("on %s lets through any name", (listensOn) => {
    expect(passes("evil.example", allowedHosts(listensOn))).toBe(true);
  });

  it.each(["127.0.0.1", "0.0.0.0"])("on %s with names lets through these and loopback names alone", (listensOn) => {
    const allowed = allowedHosts(listensOn, " Files.Example:8080 ,, box.lan");
    const hosts = ["files.example", "FILES.example:1", "box.lan", "localhost:3000", "a.box.lan", "evil.example"];
    expect(hosts.map((host) => passes(host, allowed))).toEqual([true, true, true, true, false, false]);
  });

  it("an empty ALLOWED_HOSTS is none", () => {
    expect(allowedHosts("0.0.0.0", " , ")).toBeNull();
    expect(passes("evil.example", allowedHosts("127.0.0.1", ""))).toBe(false);
  });
});
