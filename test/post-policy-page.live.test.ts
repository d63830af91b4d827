import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import s3 from "../drivers/s3.ts";
import { presignPost, type PresignedPost } from "../src/post-policy.ts";
import type { Driver } from "../src/driver.ts";
import { engines, openTab } from "./browser/tab.ts";
import { type Browser, launchBrowser, type Page } from "./playground/browser.ts";
import { freshBucket, mainServers, type S3Server } from "./support/s3.ts";

/** Serves a page of another origin than the store's, with the form as it would stand in an app. */
async function serve(page: () => string): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

function toHtml({ url, fields }: PresignedPost): string {
  const hidden = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  );
  return `<title>form</title><form method="post" enctype="multipart/form-data" action="${escaped(url)}">
    ${hidden.join("\n")}<input type="file" name="file" id="file"><button>Send</button></form>`;
}

function storeOn(server: S3Server, bucket: string): Driver {
  const { endpoint, accessKeyId, secretAccessKey, region } = server;
  return s3({ bucket, endpoint, accessKeyId, secretAccessKey, region });
}

describe.each(mainServers)("a form in a browser, to $name", (server) => {
  let browser: Browser;
  let page: Page;
  let html = "";
  let app: Awaited<ReturnType<typeof serve>>;

  beforeAll(async () => {
    browser = await launchBrowser();
    app = await serve(() => html);
  });
  afterAll(async () => {
    await browser.close();
    app.server.close();
  });

  const file = { name: "Übersicht 1.png", mimeType: "image/png", buffer: Buffer.from("hello") };

  it("of HTML stores the chosen file under its name, and goes where it should", async () => {
    const driver = storeOn(server, await freshBucket(server));
    const options = { contentLength: { max: 5 }, contentType: "image/png", metadata: { by: "zoë & <co>" } };
    const form = await presignPost(driver, { prefix: "in/" }, { ...options, successRedirect: `${app.url}/done` });
    html = toHtml(form as PresignedPost);
    page = await browser.newPage();
    await page.goto(app.url);
    await page.setInputFiles("#file", [file]);
    await page.getByRole("button", { name: "Send" }).click();
    await expect.poll(() => page.evaluate(() => location.pathname)).toBe("/done");
    expect(await (await driver.download("in/Übersicht 1.png")).text()).toBe("hello");
    const { contentType, metadata } = (await driver.head("in/Übersicht 1.png")) ?? {};
    expect([contentType, metadata]).toEqual(["image/png", options.metadata]);
  });
});

const pairs = mainServers.flatMap((server) => engines.map((engine) => ({ engine, name: server.name, server })));
describe.each(pairs)("a form in $engine, to $name", ({ engine, server }) => {
  it("of FormData stores what the page sends to another origin, and the page sees what is refused", async () => {
    const driver = storeOn(server, await freshBucket(server));
    const options = { contentLength: { max: 5 }, contentType: { prefix: "image/" } };
    const form = await presignPost(driver, { prefix: "in/" }, options);
    const app = await serve(() => "<title>form</title>");
    onTestFinished(() => void app.server.close());
    const page = await openTab(engine);
    onTestFinished(() => page.close());
    await page.goto(app.url);
    const send = (text: string, type: string): Promise<number> =>
      page.evaluate(
        async ({ given, content, mime }) => {
          const data = new FormData();
          for (const [name, value] of Object.entries(given?.fields ?? {})) data.set(name, value);
          data.set("Content-Type", mime);
          data.set("file", new File([content], "a b.gif", { type: mime }));
          return (await fetch(given?.url ?? "", { method: "POST", body: data })).status;
        },
        { given: form, content: text, mime: type },
      );
    expect(await send("too large", "image/gif")).toBe(400);
    expect(await send("hello", "text/html")).toBe(403);
    expect(await driver.exists("in/a b.gif")).toBe(false);
    expect(await send("hello", "image/gif")).toBe(204);
    expect(await driver.head("in/a b.gif")).toMatchObject({ contentType: "image/gif", size: 5 });
  });
});
