import { describe, expect, it } from "vitest";
import { type Asking, asking, refusalOf } from "./asked.ts";

interface Listed {
  /** `key id` of each. */
  readonly uploads: readonly string[];
  /** The query of the next page. */
  readonly next: string | undefined;
}

async function listed({ ask }: Asking, query: string): Promise<Listed> {
  const text = await (await ask("GET", `bucket?uploads&encoding-type=url&${query}`)).text();
  const of = (name: string): string | undefined => new RegExp(`<${name}>([^<]*)`).exec(text)?.[1];
  const uploads = Array.from(
    text.matchAll(/<Upload><Key>([^<]*)<\/Key><UploadId>([^<]*)/g),
    ([, key, id]) => `${decodeURIComponent(key as string)} ${id}`,
  );
  const markers = [of("NextKeyMarker"), of("NextUploadIdMarker")];
  const truncated = of("IsTruncated") === "true";
  expect(text).toContain(`<IsTruncated>${truncated}</IsTruncated>`);
  expect(markers.every((marker) => (marker !== undefined) === truncated)).toBe(true);
  return { uploads, next: truncated ? `key-marker=${markers[0]}&upload-id-marker=${markers[1]}` : undefined };
}

/** Uploads of these keys, as `key id`, in the order of lists. */
async function begun({ store }: Asking, keys: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for (const key of keys) all.push(`${key} ${(await store.createMultipartUpload(key)).uploadId}`);
  return all.sort();
}

describe("listUploads", () => {
  it("gives every upload once, in pages of any size", async () => {
    const asked = asking();
    const all = await begun(asked, ["B", "a", "b%20c", "b%20c", "b%20c", "d/e"]);
    for (const size of [1, 2, 3, 5, 1000]) {
      const found: string[] = [];
      let pages = 0;
      for (let next: string | undefined = ""; next !== undefined; pages++) {
        const page: Listed = await listed(asked, `max-uploads=${size}&${next}`);
        expect(page.uploads.length).toBeLessThanOrEqual(size);
        found.push(...page.uploads);
        next = page.next;
      }
      expect([found, pages]).toEqual([all, Math.ceil(all.length / size)]);
    }
  });

  it("goes on behind a marker that was aborted meanwhile", async () => {
    const asked = asking();
    const all = await begun(asked, ["a", "a", "a", "a", "b"]);
    const found: string[] = [];
    for (let next: string | undefined = ""; next !== undefined;) {
      const page: Listed = await listed(asked, `max-uploads=2&${next}`);
      for (const upload of page.uploads) {
        const [key = "", id = ""] = upload.split(" ");
        await (await asked.store.resumeMultipartUpload(key, id)).abort();
      }
      found.push(...page.uploads);
      next = page.next;
    }
    expect(found).toEqual(all);
  });

  it("begins behind all uploads of a key where no id is named, and everywhere where an id stands alone", async () => {
    const asked = asking();
    const [first = "", , last = ""] = await begun(asked, ["a", "a", "b"]);
    expect((await listed(asked, "key-marker=a")).uploads).toEqual([last]);
    expect((await listed(asked, `upload-id-marker=${first.split(" ")[1]}`)).uploads).toHaveLength(3);
  });

  it("gives those below the prefix, and says what was asked for", async () => {
    const asked = asking();
    const [, inside] = await begun(asked, ["a", "b/1", "c"]);
    expect((await listed(asked, "prefix=b%2F")).uploads).toEqual([inside]);
    const text = await (await asked.ask("GET", "bucket?uploads&prefix=b%2F&key-marker=a&max-uploads=7")).text();
    expect(text).toContain("<Bucket>bucket</Bucket><KeyMarker>a</KeyMarker><UploadIdMarker></UploadIdMarker>");
    expect(text).toContain("<Prefix>b/</Prefix><MaxUploads>7</MaxUploads><IsTruncated>false</IsTruncated><Upload>");
    expect(text).toMatch(/<Initiator>.*<Owner>.*<StorageClass>STANDARD<\/StorageClass><Initiated>2\d{3}-/);
    const encoded = "bucket?uploads&delimiter=&encoding-type=url&prefix=b%20&key-marker=a%2B";
    expect(await (await asked.ask("GET", encoded)).text()).toMatch(
      /<EncodingType>url<.*<KeyMarker>a%2B<.*<Prefix>b%20</,
    );
  });

  it("of none is empty and the last page", async () => {
    const asked = asking();
    await begun(asked, ["a"]);
    expect(await listed(asked, "max-uploads=0")).toEqual({ uploads: [], next: undefined });
  });

  it.each([
    ["max-uploads=x", "400 InvalidArgument"],
    ["delimiter=%2F", "501 NotImplemented"],
    ["encoding-type=xml", "400 InvalidArgument"],
  ])("refuses what it cannot do: %s", async (query, refusal) => {
    expect(await refusalOf(await asking().ask("GET", `bucket?uploads&${query}`))).toBe(refusal);
  });

  it("finds a page in whatever order the store has them", async () => {
    const asked = asking();
    const initiated = new Date(0);
    asked.store.listUploads = async function* () {
      // A permutation: 7 and 10,007 have no common factor.
      for (let at = 0; at < 10_007; at++)
        yield { key: String((at * 7) % 10_007).padStart(5, "0"), uploadId: "id", initiated };
    };
    const { uploads } = await listed(asked, "max-uploads=2&key-marker=05000&upload-id-marker=id");
    expect(uploads).toEqual(["05001 id", "05002 id"]);
  });

  it("holds no more of many than a page needs", async () => {
    const asked = asking();
    let most = 0;
    asked.store.listUploads = async function* () {
      for (let at = 0; at < 600; at++) {
        // What is held shows.
        const initiated = Object.assign(new Date(0), { weight: new Uint8Array(1024 * 1024) });
        yield { key: String(at).padStart(5, "0"), uploadId: "id", initiated };
        most = Math.max(most, process.memoryUsage().arrayBuffers);
      }
    };
    const before = process.memoryUsage().arrayBuffers;
    expect((await listed(asked, "max-uploads=1")).uploads).toEqual(["00000 id"]);
    expect((most - before) / 1024 / 1024).toBeLessThan(300);
  });
});
