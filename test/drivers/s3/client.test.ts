import { afterEach, describe, expect, it, vi } from "vitest";
import type { StorageError } from "../../../src/error.ts";
import { answer, failure, wire, xml } from "../../support/wire.ts";
import { recorder, stubClient } from "../../support/stubbed.ts";

afterEach(() => void vi.restoreAllMocks());

describe("Client.document", () => {
  it.each([
    ["cut", answer(200, {}, "<DeleteResult>")],
    ["another document", xml("ListBucketResult", "")],
    ["no document", answer(200, {}, "")],
  ])("asks again when a 200 brings %s, and rejects corrupt in the end", async (_, scripted) => {
    const server = await wire(scripted);
    const client = stubClient(server);
    await expect(client.document({ method: "POST" }, "DeleteResult")).rejects.toMatchObject({ code: "corrupt" });
    expect(server.requests).toHaveLength(4);
    const mended = await wire(scripted, xml("DeleteResult", ""));
    expect((await stubClient(mended).document({ method: "POST" }, "DeleteResult")).name).toBe("DeleteResult");
  });

  it.each([
    ["InitiateMultipartUpload", "InitiateMultipartUploadResult"],
    ["ListPartsResponse", "ListPartsResult"],
    ["CopyObjectResult", "CopyPartResult"],
  ])("takes a root that is called <%s> for <%s>, as some servers do", async (name, root) => {
    const server = await wire(xml(name, "<ETag>e</ETag>"));
    expect((await stubClient(server).document({ method: "POST" }, root)).name).toBe(name);
  });

  it.each([
    ["InitiateMultipartUploads", "InitiateMultipartUploadResult"],
    ["ResultInitiateMultipartUpload", "InitiateMultipartUploadResult"],
    ["CopyPartsResult", "CopyPartResult"],
    ["Result", "CopyPartResult"],
    // What was sent, from a server that sends it back.
    ["Delete", "DeleteResult"],
    ["CompleteMultipartUpload", "CompleteMultipartUploadResult"],
  ])("does not take a root that is called <%s> for <%s>", async (name, root) => {
    const client = stubClient(await wire(xml(name, "")), { retry: { attempts: 1 } });
    await expect(client.document({ method: "POST" }, root)).rejects.toMatchObject({ code: "corrupt" });
  });

  it("treats an Error in a 200 as a 500, and asks again", async () => {
    const server = await wire(
      failure(200, "InternalError", "We encountered an internal error."),
      xml("CopyObjectResult", ""),
    );
    expect((await stubClient(server).document({ method: "PUT" }, "CopyObjectResult")).name).toBe("CopyObjectResult");
    const lasting = await wire(failure(200, "SomethingNew"));
    await expect(stubClient(lasting).document({ method: "PUT" }, "CopyObjectResult")).rejects.toMatchObject({
      code: "unavailable",
      response: { status: 500, code: "SomethingNew" },
    });
    expect(lasting.requests).toHaveLength(4);
  });

  it("does not read more than 16 MiB, and does not ask again for them", async () => {
    const server = await wire({
      bytes: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10000\r\n" + "<".padEnd(65_536) + "\r\n",
      endless: "10000\r\n" + " ".repeat(65_536) + "\r\n",
    });
    await expect(stubClient(server).document({ method: "GET" }, "ListBucketResult")).rejects.toMatchObject({
      code: "corrupt",
    });
    expect(server.requests).toHaveLength(1);
    expect(server.sent()).toBeLessThan(40 * 2 ** 20);
  });

  it.each([
    ["a list", { method: "GET" }, 9, "read"],
    ["a list", { method: "GET" }, 10, "timeout"],
    ["a copy", { method: "PUT", copies: 1 }, 99, "read"],
    ["a copy", { method: "PUT", copies: 1 }, 100, "timeout"],
    ["a completion", { method: "POST", conditional: true }, 99, "read"],
    ["a completion", { method: "POST", conditional: true }, 100, "ambiguous"],
  ] as const)(
    "of %s (%o) that trickles for %i times the limit between two pieces: %s",
    async (_, operation, times, outcome) => {
      let now = 0;
      vi.spyOn(performance, "now").mockImplementation(() => now);
      let left = times;
      // A piece comes each minute, which is the limit between two.
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
        controller.enqueue(new TextEncoder().encode(left > 0 ? " " : "<Root/>"));
        if (left-- > 0) now += 60_000;
        else controller.close();
      };
      const { fetch } = recorder(() => new Response(new ReadableStream({ pull }, { highWaterMark: 0 })));
      const client = stubClient("http://stub.test", { fetch, retry: { attempts: 1 } });
      const read = client.document(operation, "Root").then(
        () => "read",
        (error: StorageError) => error.code,
      );
      expect(await read).toBe(outcome);
    },
  );
});
