import { describe, expect, it } from "vitest";
import { answer, failure, wire, xml } from "../../support/wire.ts";
import { stubClient } from "../../support/stubbed.ts";

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
});
