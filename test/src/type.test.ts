import mime from "mime/lite";
import standard from "mime/types/standard.js";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { contentTypeOf } from "../../src/type.ts";

const OFFICE = "application/vnd.openxmlformats-officedocument";

describe("contentTypeOf", () => {
  test.each([
    ["a.txt", "text/plain"],
    ["a.html", "text/html"],
    ["a.js", "text/javascript"],
    ["a.json", "application/json"],
    ["a.png", "image/png"],
    ["a.jpg", "image/jpeg"],
    ["a.heic", "image/heic"],
    ["a.svg", "image/svg+xml"],
    ["a.pdf", "application/pdf"],
    ["a.mp4", "video/mp4"],
    ["a.mp3", "audio/mpeg"],
    ["a.wasm", "application/wasm"],
  ])("takes what mime knows: %s is %s", (key, type) => {
    expect(contentTypeOf(key)).toBe(type);
  });

  test.each([
    ["a.docx", `${OFFICE}.wordprocessingml.document`],
    ["a.xlsx", `${OFFICE}.spreadsheetml.sheet`],
    ["a.pptx", `${OFFICE}.presentationml.presentation`],
    ["a.ico", "image/vnd.microsoft.icon"],
    ["a.mkv", "video/x-matroska"],
    ["a.m3u8", "application/vnd.apple.mpegurl"],
    ["a.avi", "video/x-msvideo"],
    ["a.srt", "application/x-subrip"],
    ["a.7z", "application/x-7z-compressed"],
    ["a.tar", "application/x-tar"],
    ["a.tar.gz", "application/gzip"],
    ["a.tgz", "application/gzip"],
    ["a.parquet", "application/vnd.apache.parquet"],
    ["a.flac", "audio/flac"],
    ["a.opus", "audio/ogg"],
    ["a.epub", "application/epub+zip"],
    ["a.jsonl", "application/jsonl"],
    ["a.ndjson", "application/x-ndjson"],
    ["a.jsonc", "application/json"],
    ["a.tsx", "text/tsx"],
    ["a.rar", "application/vnd.rar"],
    ["a.apk", "application/vnd.android.package-archive"],
  ])("adds what people upload: %s is %s", (key, type) => {
    expect(contentTypeOf(key)).toBe(type);
  });

  test.each(["a.ts", "a.mts", "a.cts", "a.rs"])("calls source code unknown, never video: %s", (key) => {
    expect(contentTypeOf(key)).toBeNull();
  });

  test.each([
    "",
    "png",
    "a",
    "a.",
    "a.unknownext",
    ".env",
    ".png",
    "a/.png",
    "a.png/b",
    "a.png/",
    "a.html?y=1",
    "a.constructor",
    "a.__proto__",
    "a.txt\\b",
  ])("gives null where the last segment has no known extension: %j", (key) => {
    expect(contentTypeOf(key)).toBeNull();
  });

  test.each([
    ["A.PNG", "image/png"],
    ["a.DocX", `${OFFICE}.wordprocessingml.document`],
    ["x.html/y.png", "image/png"],
    ["a b/ü 🎉.jpeg", "image/jpeg"],
    [".hidden.json", "application/json"],
    ["a\\b.txt", "text/plain"],
    [`${"a/".repeat(500)}x.csv`, "text/csv"],
  ])("ignores case and folders: %j is %s", (key, type) => {
    expect(contentTypeOf(key)).toBe(type);
  });

  test("says what mime/lite says of every extension in its table, but for those that it gets wrong", () => {
    const extensions = Object.values(standard)
      .flat()
      .map((extension) => extension.replace("*", ""));
    const others = extensions.filter((extension) => contentTypeOf(`a.${extension}`) !== mime.getType(extension));
    expect([...new Set(others)].sort()).toEqual(["mts", "rs", "ts"]);
    expect(contentTypeOf("a.*js")).toBeNull();
  });

  test("never adds a charset", () => {
    for (const extension of ["html", "txt", "css", "js", "csv", "xml", "jsonl"]) {
      expect(contentTypeOf(`a.${extension}`)).not.toContain(";");
    }
  });

  test("is the only module of src that imports mime", () => {
    const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    const importers = sources.filter((name) => /from "mime/.test(readFileSync(`src/${name}`, "utf8")));
    expect(importers).toEqual(["type.ts"]);
  });
});
