import { describe, expect, it } from "vitest";
import {
  candidatesOf,
  encodeKey,
  folderOf,
  isOrdinary,
  keyOfEncoded,
  keyOfPlain,
  nameOf,
} from "../../../drivers/fs/path.ts";
import { seeded, UGLY_KEYS, uglyKey } from "./folder.ts";

const random = seeded(7);
const KEYS = [...UGLY_KEYS, "\ufeffbom", ...Array.from({ length: 5000 }, () => uglyKey(random))];
/** Every name that Windows, macOS, Linux and eCryptfs take, and that no program takes for a device or a backup. */
const PORTABLE = /^(?:[a-z0-9_%-]{1,135}|[a-z0-9_%-]{1,135}=)$/;

describe("encodeKey", () => {
  it("L13, L16: comes back as the same key by keyOfEncoded, from a different path for every key", () => {
    const paths = new Map<string, string>();
    for (const key of KEYS) {
      const path = encodeKey(key);
      expect(keyOfEncoded(path)).toBe(key);
      expect(paths.get(path) ?? key).toBe(key);
      paths.set(path, key);
    }
  });

  it("L15: has names that are portable, and no name that is both a folder and a file", () => {
    const folders = new Set<string>();
    const files = new Set<string>();
    for (const key of KEYS) {
      const names = encodeKey(key).split("/").slice(2);
      expect(names.every((name) => PORTABLE.test(name))).toBe(true);
      for (let depth = 1; depth < names.length; depth++) folders.add(names.slice(0, depth).join("/"));
      files.add(names.join("/"));
    }
    expect([...files].filter((file) => folders.has(file))).toEqual([]);
  });

  it("L14: stays one path for each key where the file system folds case", () => {
    const spelled = new Map<string, string>();
    for (const key of KEYS) {
      const folded = encodeKey(key).toLowerCase();
      expect(spelled.get(folded) ?? key).toBe(key);
      spelled.set(folded, key);
    }
  });
});

describe("keyOfEncoded", () => {
  it.each([
    ["an upper-case escape", ".unbucket/keys/%2F="],
    ["an escape that is not needed", ".unbucket/keys/%61="],
    ["no mark at the end", ".unbucket/keys/a"],
    ["a mark in between", ".unbucket/keys/a=/b="],
    ["a short piece before the last", ".unbucket/keys/a/b="],
    ["nothing", ".unbucket/keys/="],
    ["half a character", ".unbucket/keys/%c3="],
    ["a dot segment", ".unbucket/keys/a%2f%2e%2e="],
    ["another tree", "a="],
    ["a letter that is never literal", ".unbucket/keys/é="],
    ["half an escape", ".unbucket/keys/%2="],
    ["a key that is too long", encodeKey("x".repeat(1025))],
  ])("gives null for %s", (_, path) => {
    expect(keyOfEncoded(path)).toBe(null);
  });
});

describe("keyOfPlain", () => {
  it("gives null for what is no key: too many bytes, segments of dots, nothing", () => {
    const folders = Array.from({ length: 4 }, () => "é".repeat(127)).join("/");
    expect(keyOfPlain(folders, true)).toBe(folders);
    for (const path of [`${folders}/abcdef`, "a/../b", "./a", "..", ""]) expect(keyOfPlain(path, true)).toBe(null);
  });
});

it("folderOf and nameOf cut a path at its last slash", () => {
  expect(["a/b/c", "a/b", "abc"].map((path) => [folderOf(path), nameOf(path)])).toEqual([
    ["a/b", "c"],
    ["a", "b"],
    ["", "abc"],
  ]);
});

describe("candidatesOf", () => {
  it("puts the plain path first for ordinary keys, and gives it back by keyOfPlain", () => {
    for (const key of KEYS.filter(isOrdinary)) {
      expect(candidatesOf(key, true)[0]).toEqual({ tree: "plain", path: key });
      expect(keyOfPlain(key, true)).toBe(key);
      expect(keyOfPlain(key, false)).toBe(key);
    }
  });

  it("puts the encoded path first for all others, and then the plain one where the host can have it", () => {
    expect(candidatesOf("x:y", true).map((candidate) => candidate.tree)).toEqual(["keys", "plain"]);
    expect(candidatesOf("x:y", false).map((candidate) => candidate.tree)).toEqual(["keys"]);
    for (const key of KEYS.filter((each) => !isOrdinary(each))) expect(candidatesOf(key, true)[0]?.tree).toBe("keys");
  });

  it.each([".unbucket/x", ".unbucket. /x", "UNBUCK~1/x", "\u200c.unbucket", ".unbuc\u212aet/x"])(
    "L19: has no plain path for %j, which is the reserved folder where another system looks at this one's files",
    (key) => {
      expect([candidatesOf(key, true).map(({ tree }) => tree), keyOfPlain(key, true)]).toEqual([["keys"], null]);
    },
  );

  it.each([".nfs0000000000a1b2c300000001", "a/.nfs0000000000a1b2c300000001", ".fuse_hidden0000000b00000002"])(
    "has no plain path for %j, a name by which NFS or FUSE keeps a file that was removed while somebody reads it",
    (key) => {
      expect([candidatesOf(key, true).map(({ tree }) => tree), keyOfPlain(key, true)]).toEqual([["keys"], null]);
      expect(candidatesOf(key.slice(0, -1), true)[0]?.tree).toBe("plain");
    },
  );

  it.each(["a/.unbucket/x", "a/b/.UNBUCKET/meta/x", "a/.unbucket"])(
    "L19: neither writes %j to its plain path nor sees what is there, which is the reserved folder of a store in a folder of this one",
    (key) => {
      for (const posix of [true, false]) {
        expect(candidatesOf(key, posix).map(({ tree }) => tree)).toEqual(["keys"]);
        expect(keyOfPlain(key, posix)).toBeNull();
      }
    },
  );

  it("L8, L19: never has a plain path that leaves the root or enters the reserved folder", () => {
    for (const key of KEYS) {
      for (const { tree, path } of candidatesOf(key, true)) {
        if (tree !== "plain") continue;
        expect(path).not.toMatch(/^\/|\0|(^|\/)\.{0,2}(\/|$)/);
        expect(path).not.toMatch(/^\.unbucket(\/|$)/i);
      }
    }
  });
});

/** Names as other programs may have made them, in any tree, most of which stand for no key. */
function strangePath(): string {
  const pieces = [
    "a",
    "B",
    "é",
    "e\u0301",
    ".",
    "..",
    " ",
    ":",
    "*",
    "\\",
    "%2f",
    "%2F",
    "%61",
    "%",
    "=",
    "x".repeat(45),
    "y".repeat(255),
    "\0",
    "con",
    ".unbucket",
    "/",
  ];
  let path = random() < 0.5 ? ".unbucket/keys/" : "";
  for (let count = 1 + Math.floor(random() * 5); count > 0; count--)
    path += pieces[Math.floor(random() * pieces.length)];
  return random() < 0.3 ? `${path}=` : path;
}

describe("keys and paths", () => {
  it("L8, L14, L19: stand for each other: the key of any path has that path among its candidates, and no other key has", () => {
    const owners = new Map<string, string>();
    let [found, none] = [0, 0];
    const own = (path: string, key: string): void => {
      expect([path, owners.get(path) ?? key]).toEqual([path, key]);
      owners.set(path, key);
    };
    for (const posix of [true, false])
      for (const key of KEYS) for (const { path } of candidatesOf(key, posix)) own(path, key);
    for (let count = 0; count < 20_000; count++) {
      const path = strangePath();
      const posix = count % 2 === 0;
      const inTree = path.startsWith(".unbucket/");
      const key = inTree ? keyOfEncoded(path) : keyOfPlain(path, posix);
      if (key === null) none++;
      else {
        found++;
        own(path, key);
        const places = candidatesOf(key, posix).map((place) => ({ tree: place.tree, path: place.path }));
        expect(places).toContainEqual({ tree: inTree ? "keys" : "plain", path });
      }
    }
    expect([found > 1000, none > 1000]).toEqual([true, true]);
  });

  it("L15: on Windows nothing is stored under a name that Windows takes for another, or for no file", () => {
    // https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file, written down anew: by what it says, not as the driver does.
    const devices = [
      "con",
      "prn",
      "aux",
      "nul",
      ...Array.from("123456789¹²³", (digit) => [`com${digit}`, `lpt${digit}`]).flat(),
    ];
    const isFine = (name: string): boolean =>
      name.length > 0 &&
      name.length <= 255 &&
      ![...name].some((char) => char <= "\u001f" || '<>:"|?*\\/'.includes(char)) &&
      !name.endsWith(".") &&
      !name.endsWith(" ") &&
      !devices.includes((name.split(".")[0] as string).trimEnd().toLowerCase());
    const named = devices.flatMap((name) => [name, `a/${name.toUpperCase()}.txt`, `${name} .tar.gz/b`, `${name}x`]);
    for (const key of [...KEYS, ...named]) {
      for (const { path } of candidatesOf(key, false)) {
        expect([path, path.split("/").filter((name) => !isFine(name))]).toEqual([path, []]);
      }
    }
  });

  it("L14: where names are folded and composed, two keys meet in one plain name at most, and never in an encoded one", () => {
    const fold = (path: string): string => path.normalize("NFC").toLowerCase();
    const spelled = new Map<string, string>();
    let met = 0;
    for (const key of new Set([
      ...KEYS,
      ...KEYS.map((key) => key.toUpperCase()),
      ...KEYS.map((key) => key.normalize("NFD")),
    ])) {
      if (new TextEncoder().encode(key).length > 1024) continue;
      const [first, second] = candidatesOf(key, false);
      const encoded = first?.tree === "keys" ? first : second;
      expect(spelled.get(fold(encoded?.path ?? "")) ?? key).toBe(key);
      spelled.set(fold(encoded?.path ?? ""), key);
      // Whoever finds the plain name taken has the encoded one.
      if (first?.tree === "plain" && second === undefined) throw new Error(`${key} has one place`);
      if (first?.tree === "plain" && fold(first.path) !== first.path) met++;
    }
    expect(met).toBeGreaterThan(100);
  });
});

describe("isOrdinary", () => {
  it.each([
    "a.jpg",
    "avatars/1.jpg",
    "é/ü.txt",
    "File",
    ".env",
    "a b",
    "com0",
    "console",
    "x".repeat(255),
    "a.unbucket/x",
    "%2f",
    "a=b",
    "foo~",
    "a~1.jpeg",
    "longername~1.txt",
    "report~x.txt",
    "a.b~1",
  ])("is true for %s", (key) => expect(isOrdinary(key)).toBe(true));
  it.each([
    "a//b",
    "/a",
    "a/",
    "con",
    "Con.txt",
    "nul .x",
    "a/lpt9",
    "x.",
    "x ",
    "a\\b",
    "a:b",
    "a\u0001",
    "a\u0085",
    "conin$",
    "CONOUT$.txt",
    ".unbucket",
    "a/.unbucket",
    "a/.UNBUCKET/b",
    "a/unbuck~1/b",
    ".unbuc\u212aet/x",
    ".un\u200cbuc\u200cket/x",
    ".un\u202abucket/x",
    "\ufeff.unbucket",
    ".UnBucket/x",
    "UNBUCK~1",
    "report~1",
    "a/REPO~123.TXT/b",
    "~1.x",
    "x".repeat(256),
    "é".repeat(128),
  ])("is false for %j", (key) => expect(isOrdinary(key)).toBe(false));
});
