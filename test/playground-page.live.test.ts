import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Browser, dropFiles, launchBrowser, type Page } from "./playground/browser.ts";
import { mainPlaces, type Playground, start } from "./playground/start.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe.each(mainPlaces)("the playground's page on $name", (place) => {
  let browser: Browser;
  let app: Playground;
  let page: Page;
  let folder: string;
  let faults: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
    app = await start(place);
  });
  afterAll(async () => {
    await browser.close();
    await app.close();
  });
  beforeEach(async () => {
    const { objects } = (await (await fetch(`${app.url}/files`)).json()) as { objects: { key: string }[] };
    for (const { key } of objects) await fetch(`${app.url}/files?key=${encodeURIComponent(key)}`, { method: "DELETE" });
    folder = await mkdtemp(join(tmpdir(), "unbucket-drop-"));
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    faults = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      // Chromium reports every answer from 400 on as an error of its own.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        faults.push(message.text());
    });
    await page.goto(app.url);
    await page.locator("#empty").waitFor();
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
    expect(faults).toEqual([]);
  });

  const put = (key: string, body: BodyInit): Promise<Response> =>
    fetch(`${app.url}/files?key=${encodeURIComponent(key)}`, { method: "PUT", body });
  const row = (name: string): ReturnType<Page["locator"]> => page.locator("#file-rows .row", { hasText: name });

  it("stores several dropped files, shows their progress, lists them, and a download is the same file", async () => {
    const big = randomBytes(24 * 1024 * 1024);
    const small = Buffer.from("hello");
    await writeFile(join(folder, "big file.bin"), big);
    await writeFile(join(folder, "ä & b.txt"), small);
    await watchProgress(page);
    const tools = await page.context().newCDPSession(page);
    await tools.send("Network.enable");
    const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 12 * 1024 * 1024 };
    await tools.send("Network.emulateNetworkConditions", slow);

    await dropFiles(page, [join(folder, "big file.bin"), join(folder, "ä & b.txt")]);
    await row("big file.bin").waitFor();
    await row("ä & b.txt").waitFor();
    expect(await app.stored()).toEqual(["big file.bin", "ä & b.txt"]);
    const seen = await page.evaluate(() => (globalThis as unknown as { seen: number[] }).seen);
    expect(seen.filter((value) => value > 0 && value < 1).length).toBeGreaterThan(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));

    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download big file.bin" }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe("big file.bin");
    expect(sha256(await readFile(await file.path()))).toBe(sha256(big));
  });

  it("stores the files of a dropped folder below its name, and folders open", async () => {
    await mkdir(join(folder, "trip", "day 1"), { recursive: true });
    await writeFile(join(folder, "trip", "plan.txt"), "plan");
    await writeFile(join(folder, "trip", "day 1", "note.txt"), "note");
    await dropFiles(page, [join(folder, "trip")]);
    await row("trip").waitFor();
    await page.getByRole("link", { name: "trip", exact: true }).click();
    await row("plan.txt").waitFor();
    await page.getByRole("link", { name: "day 1", exact: true }).click();
    await row("note.txt").waitFor();
    expect(await row("plan.txt").count()).toBe(0);
    expect(await app.stored()).toEqual(["trip/day 1/note.txt", "trip/plan.txt"]);
    await page.setInputFiles("#picker", [{ name: "here.txt", mimeType: "text/plain", buffer: Buffer.from("x") }]);
    await row("here.txt").waitFor();
    expect(await app.stored()).toContain("trip/day 1/here.txt");
    await page.getByRole("link", { name: "All files" }).click();
    await row("trip").waitFor();
  });

  it("shows a name that is markup as the text that it is", async () => {
    const name = "<img src=x onerror=alert(1)>.txt";
    await put(name, "x");
    await page.goto(`${app.url}/?again`);
    await row("onerror").waitFor();
    expect(await page.locator("#file-rows .name").textContent()).toBe(name);
    expect(await page.locator("#file-rows img").count()).toBe(0);
  });

  it("previews a picture, by keyboard too, and Escape closes it", async () => {
    await put(
      "sky.png",
      new Uint8Array(
        await sharp({ create: { width: 64, height: 48, channels: 3, background: "blue" } })
          .png()
          .toBuffer(),
      ),
    );
    await page.goto(`${app.url}/?again`);
    await row("sky.png").waitFor();
    await page.getByRole("link", { name: "sky.png", exact: true }).evaluate((link) => (link as HTMLElement).focus());
    await page.keyboard.press("Enter");
    await page.locator("#preview-image").waitFor();
    const size = await page.locator("#preview-image").evaluate(async (image) => {
      await (image as HTMLImageElement).decode();
      return [(image as HTMLImageElement).naturalWidth, (image as HTMLImageElement).naturalHeight];
    });
    expect(size).toEqual([64, 48]);
    await page.keyboard.press("Escape");
    await page.locator("#preview").waitFor({ state: "hidden" });
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("sky.png");
  });

  it("asks before it deletes, and then the object is gone", async () => {
    await put("old.txt", "x");
    await put("other.txt", "y");
    await page.goto(`${app.url}/?again`);
    await page.getByRole("button", { name: "Delete old.txt" }).click();
    await page.getByRole("button", { name: "Keep" }).click();
    await page.locator("#confirm").waitFor({ state: "hidden" });
    expect(await app.stored()).toEqual(["old.txt", "other.txt"]);
    await page.getByRole("button", { name: "Delete old.txt" }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await row("old.txt").waitFor({ state: "hidden" });
    expect(await app.stored()).toEqual(["other.txt"]);
    expect(await page.locator("#status").textContent()).toBe("old.txt is deleted.");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("other.txt");
  });

  it("says in words why an upload failed, and replaces when told to", async () => {
    await put("taken.txt", "old");
    await page.setInputFiles("#picker", [{ name: "taken.txt", mimeType: "text/plain", buffer: Buffer.from("new") }]);
    await page.locator(".upload .meta", { hasText: "There is already a file with this name." }).waitFor();
    expect(await (await fetch(`${app.url}/files/taken.txt`)).text()).toBe("old");
    await page.getByRole("button", { name: "Replace it: taken.txt" }).click();
    await page.locator('.upload[data-state="stored"]').waitFor();
    expect(await (await fetch(`${app.url}/files/taken.txt`)).text()).toBe("new");
  });

  it("cancels an upload, and nothing is stored", async () => {
    const tools = await page.context().newCDPSession(page);
    await tools.send("Network.enable");
    const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 200_000 };
    await tools.send("Network.emulateNetworkConditions", slow);
    await page.setInputFiles("#picker", [
      { name: "slow.bin", mimeType: "application/octet-stream", buffer: randomBytes(4_000_000) },
    ]);
    await page.locator('.upload[data-state="running"]').waitFor();
    await page.getByRole("button", { name: "Cancel upload of slow.bin" }).click();
    await page.locator('.upload[data-state="cancelled"]').waitFor();
    expect(await app.stored()).toEqual([]);
  });

  it("copies a link that works, and names the backend", async () => {
    await put("a b.txt", "linked");
    const own = await browser.newPage({ permissions: ["clipboard-read", "clipboard-write"] });
    await own.goto(app.url);
    await own.getByRole("button", { name: "Copy link to a b.txt" }).click();
    const link = await own.evaluate(() => navigator.clipboard.readText());
    expect(await (await fetch(link)).text()).toBe("linked");
    expect(await own.locator("#backend").textContent()).toContain(
      place.name === "a folder" ? "./uploads" : "S3 bucket",
    );
  });

  it.each(["light", "dark"] as const)(
    "fits a phone in %s, with every control named and text that can be read",
    async (colorScheme) => {
      await put(`${"a long name ".repeat(12)}.docx`, "x");
      await put("folder/x", "x");
      const phone = await browser.newPage({ viewport: { width: 390, height: 844 }, colorScheme });
      await phone.goto(app.url);
      await phone.locator("#file-rows .row").first().waitFor();
      expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      const unnamed = await phone.evaluate(() =>
        [...document.querySelectorAll("button, a, input")]
          .filter((node) => !node.getAttribute("aria-label") && !node.textContent?.trim() && !node.closest("label"))
          .map((node) => node.outerHTML),
      );
      expect(unnamed).toEqual([]);
      expect(await phone.evaluate(contrast, "#drop-target")).toBeGreaterThanOrEqual(4.5);
      expect(await phone.evaluate(contrast, ".row.file .meta")).toBeGreaterThanOrEqual(4.5);
      expect(await phone.evaluate(contrast, ".button.primary")).toBeGreaterThanOrEqual(4.5);
    },
  );

  it("speaks of dropping to a mouse, not to a finger", async () => {
    const hint = (on: Page): Promise<boolean> => on.locator(".by-mouse").isVisible();
    expect(await hint(page)).toBe(true);
    const phone = await browser.newPage({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    await phone.goto(app.url);
    await phone.locator("#drop-target").waitFor();
    expect(await phone.evaluate(() => matchMedia("(hover: none) and (pointer: coarse)").matches)).toBe(true);
    expect(await hint(phone)).toBe(false);
    expect(await phone.getByRole("heading", { name: "Upload files" }).isVisible()).toBe(true);
    expect(await phone.locator("label.primary").isVisible()).toBe(true);
  });

  it("says so when the playground has gone", async () => {
    app = await app.restart("SIGTERM");
    // Another port now: nothing answers where the page came from.
    await page.setInputFiles("#picker", [{ name: "late.txt", mimeType: "text/plain", buffer: Buffer.from("x") }]);
    await page.locator('.upload[data-state="failed"]').waitFor();
    expect(await page.locator(".upload .meta").textContent()).toBe(
      "The connection broke off. Is the playground still running?",
    );
    await page.evaluate(() => void (location.hash = "#elsewhere/"));
    await page.locator("#list-error").waitFor();
    expect(await page.locator("#list-error").textContent()).toBe(
      "The playground does not answer. Is it still running?",
    );
  });
});

/** Notes every value that the first progress bar takes. */
function watchProgress(page: Page): Promise<void> {
  return page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(globalThis, { seen });
    const look = (): void => {
      const bar = [...document.querySelectorAll("progress")].find((one) =>
        one.getAttribute("aria-label")?.includes("big"),
      );
      if (bar && bar.value !== seen.at(-1)) seen.push(bar.value);
      requestAnimationFrame(look);
    };
    look();
  });
}

/** The contrast of an element's text to what lies behind it, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio. */
function contrast(selector: string): number {
  const luminance = (color: string): number => {
    const [r = 0, g = 0, b = 0] = (color.match(/[\d.]+/g) ?? []).map((value) => Number(value) / 255);
    const [x = 0, y = 0, z = 0] = [r, g, b].map((value) =>
      value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const node = document.querySelector(selector);
  if (node === null) return 0;
  let behind: Element | null = node;
  while (behind !== null && getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)")
    behind = behind.parentElement;
  const pair = [getComputedStyle(node).color, getComputedStyle(behind ?? document.body).backgroundColor].map(luminance);
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}
