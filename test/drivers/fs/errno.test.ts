import fs from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { describe, expect, it, vi } from "vitest";
import { fromErrno, isKeptBack, isStale, mayHaveDone, onDisk, orAbsent } from "../../../drivers/fs/errno.ts";
import { answersAtOnce } from "../../../drivers/fs/refusal.ts";
import { StorageError } from "../../../src/error.ts";
import { emptyFolder, mocked, onPlatform } from "./folder.ts";

const system = (code: string): Error => Object.assign(new Error(code), { code });

describe("fromErrno", () => {
  it.each([
    ["EACCES", "denied", false],
    ["EPERM", "denied", false],
    ["ERR_ACCESS_DENIED", "denied", false],
    ["EROFS", "denied", false],
    ["ENOSPC", "unavailable", false],
    ["EDQUOT", "unavailable", false],
    // As Node calls it.
    ["Unknown system error -122", "unavailable", false],
    ["EFBIG", "unavailable", false],
    ["EMFILE", "unavailable", true],
    ["ENFILE", "unavailable", true],
    ["EBUSY", "unavailable", true],
    ["EAGAIN", "unavailable", true],
    ["ERR_UNSUPPORTED_OPERATION", "unsupported", false],
    ["EXDEV", "unsupported", false],
    ["ENAMETOOLONG", "unsupported", false],
    ["ESTALE", "unavailable", true],
    ["Unknown system error -116", "unavailable", true],
    ["ENOSYS", "unsupported", false],
    ["ENOTSUP", "unsupported", false],
    ["EOPNOTSUPP", "unsupported", false],
    ["ENOTCONN", "unavailable", true],
    ["ECONNABORTED", "unavailable", true],
    ["ETIMEDOUT", "unavailable", true],
    ["EHOSTDOWN", "unavailable", true],
    ["EIO", "unknown", false],
  ])("makes %s `%s`, retryable %s, with its cause", (errno, code, retryable) => {
    const cause = system(errno);
    expect(fromErrno(cause)).toMatchObject({ code, retryable, cause });
  });

  it.each([null, undefined, "EIO", {}, { code: 5 }])("passes on %o, which the system has not thrown", (thrown) => {
    expect(fromErrno(thrown)).toBe(thrown);
  });

  it("says so of a code that it does not know", () => {
    expect(fromErrno(system("EXYZ"))).toMatchObject({ code: "unknown", message: "the file system failed (EXYZ)" });
  });

  it("tells who was refused what, where that can be seen, and asks of no other failure", async () => {
    const base = await emptyFolder();
    answersAtOnce(base, true);
    const failed = (code: string): Error =>
      Object.assign(system(code), { syscall: "unlink", path: "/proc/self/fd/99/a", resource: "/srv" });
    const told = async (code: string): Promise<string> =>
      (await onDisk(
        () => Promise.reject(failed(code)),
        () => join(base, "a"),
      ).catch(({ message }) => message)) as string;
    expect(await told("EPERM")).toMatch(/look whether lsattr .* \(EPERM\)$/);
    expect(await told("ERR_ACCESS_DENIED")).toMatch(/^the runtime does not let the process/);
    vi.spyOn(fs, "accessSync").mockImplementation(() => {
      throw new Error("EACCES");
    });
    mocked();
    expect(await told("EACCES")).toMatch(/may not enter "\/".* \(EACCES\)$/);
    expect(await told("EROFS")).toBe("the file system is mounted read-only (EROFS)");
  });

  it("makes a right that Deno has not been given `denied`, with Deno's own text", () => {
    const cause = Object.assign(new Error('Requires write access to "/a"'), { name: "NotCapable" });
    expect(fromErrno(cause)).toMatchObject({ code: "denied", message: cause.message, cause });
  });

  it("knows a system error of another realm, as Node's are inside Jest", () => {
    const cause: unknown = runInNewContext("Object.assign(new Error('no'), { code: 'EACCES' })");
    expect(cause).not.toBeInstanceOf(Error);
    expect(fromErrno(cause)).toMatchObject({ code: "denied", cause });
  });

  it("says what may have taken away a file that was in use", () => {
    expect(fromErrno(system("ENOENT"))).toMatchObject({
      code: "unknown",
      message: expect.stringContaining("is gone: another program has removed it") as string,
    });
  });

  it("leaves other errors as they are", () => {
    // The code of an abort is a number.
    const abort: unknown = AbortSignal.abort().reason;
    for (const error of [new Error("plain"), new StorageError("denied", "no"), abort, undefined])
      expect(fromErrno(error)).toBe(error);
  });
});

it("isKeptBack is true of the file system's own folder at the base alone, and of nothing but its refusal", () => {
  const asked = [
    ["lost+found", "EACCES"],
    ["lost+found", "EIO"],
    ["a/lost+found", "EACCES"],
    ["a", "EACCES"],
  ] as const;
  expect(asked.map(([folder, code]) => isKeptBack(folder, system(code)))).toEqual([true, false, false, false]);
});

it("isStale knows a file that NFS has lost, also where that was made an error of the store", () => {
  const stale = system("Unknown system error -116");
  const asked = [stale, fromErrno(stale), system("ENOENT"), fromErrno(system("ENOENT")), undefined];
  expect(asked.map((error) => isStale(error))).toEqual([true, true, false, false, false]);
});

it("mayHaveDone leaves it open what a call has done whose answer is lost, and of EIO where another one was asked", () => {
  for (const [code, local, asked] of [
    ["ENOTCONN", true, true],
    ["EIO", false, true],
    ["EACCES", false, false],
  ] as const)
    expect([code, mayHaveDone(system(code), false), mayHaveDone(system(code), true)]).toEqual([code, local, asked]);
  expect(mayHaveDone(new Error("plain"), true)).toBe(false);
});

describe("onDisk", () => {
  it("gives what the work gives, and rejects with what its error means", async () => {
    expect(await onDisk(async () => 1)).toBe(1);
    await expect(onDisk(() => Promise.reject(system("EROFS")))).rejects.toMatchObject({ code: "denied" });
  });
});

describe("orAbsent", () => {
  it("gives null for what is not there, and rejects with the rest", async () => {
    for (const code of ["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP"])
      expect(await orAbsent(Promise.reject(system(code)))).toBe(null);
    for (const code of ["EIO", "EINVAL"]) await expect(orAbsent(Promise.reject(system(code)))).rejects.toThrow(code);
    onPlatform("win32");
    expect(await orAbsent(Promise.reject(system("EINVAL")))).toBe(null);
  });
});
