import { describe, expect, it } from "vitest";
import { asking } from "./asked.ts";

describe("refused", () => {
  it("writes an error in no namespace, since botocore finds no code in one that has it", async () => {
    const { ask } = asking();
    expect(await (await ask("GET", "bucket/none")).text()).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>NoSuchKey<\/Code><Message>/,
    );
    expect(await (await ask("GET", "bucket")).text()).toContain("<ListBucketResult xmlns=");
  });

  it("does not call what is not implemented a failure of the server's", async () => {
    const errors: unknown[] = [];
    const { ask } = asking({ onError: (error) => errors.push(error) });
    expect((await ask("GET", "bucket?acl")).status).toBe(501);
    expect(errors).toEqual([]);
  });
});
