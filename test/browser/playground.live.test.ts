/** The playground's page in each engine, by what its script does alone; what a hand does on it is tested in Chromium. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folder, type Playground, start } from "../playground/start.ts";
import { engines, openTab, type Tab } from "./tab.ts";

type Global = typeof globalThis & { faults: string[] };

describe.each(engines)("the playground's page in %s", (engine) => {
  let app: Playground;
  let page: Tab;

  beforeAll(async () => {
    app = await start(folder);
    page = await openTab(engine);
    await page.goto(app.url);
    await page.evaluate(() => {
      const { faults } = Object.assign(globalThis, { faults: [] as string[] });
      addEventListener("error", ({ message }) => faults.push(message));
      addEventListener("unhandledrejection", ({ reason }) => faults.push(String(reason)));
    });
  });
  afterAll(async () => {
    await page.close();
    await app.close();
  });

  const texts = (selector: string): Promise<string[]> =>
    page.evaluate(
      (query) => [...document.querySelectorAll(query)].map(({ textContent }) => textContent ?? ""),
      selector,
    );
  const click = (selector: string): Promise<void> =>
    page.evaluate((query) => document.querySelector<HTMLElement>(query)?.click(), selector);
  /** Chooses one file of so many times the text, as a file dialog does. */
  const choose = (name: string, text: string, times = 1): Promise<void> =>
    page.evaluate(
      (file) => {
        const picker = document.querySelector("#picker") as HTMLInputElement;
        const chosen = new DataTransfer();
        chosen.items.add(new File([file.text.repeat(file.times)], file.name));
        picker.files = chosen.files;
        picker.dispatchEvent(new Event("change", { bubbles: true }));
      },
      { name, text, times },
    );
  const read = async (name: string): Promise<string> =>
    (await fetch(`${app.url}/files/${encodeURIComponent(name)}`)).text();

  it("stores, replaces, shows and deletes", async () => {
    await expect.poll(() => page.evaluate(() => document.querySelector<HTMLElement>("#empty")?.hidden)).toBe(false);
    await choose("ä & b.txt", "hello");
    await choose("big.bin", "0123456789abcdef", 2 ** 20);
    await expect.poll(() => texts('.upload[data-state="stored"] .name'), { timeout: 20_000 }).toHaveLength(2);
    await expect.poll(() => texts("#file-rows a.name")).toEqual(["big.bin", "ä & b.txt"]);
    expect(await read("big.bin")).toBe("0123456789abcdef".repeat(2 ** 20));

    await choose("ä & b.txt", "another");
    await expect.poll(() => texts(".upload .meta")).toContain("There is already a file with this name.");
    expect(await read("ä & b.txt")).toBe("hello");
    await click(".upload[data-state=failed] .actions button");
    await expect.poll(() => texts('.upload[data-state="stored"] .name')).toHaveLength(3);
    expect(await read("ä & b.txt")).toBe("another");

    await click('.row.file[data-key="big.bin"] .actions button:last-child');
    await expect
      .poll(() => page.evaluate(() => document.querySelector<HTMLDialogElement>("#confirm")?.open))
      .toBe(true);
    await click("#confirm button[value=delete]");
    await expect.poll(() => texts("#file-rows a.name")).toEqual(["ä & b.txt"]);
    expect(await app.stored()).toEqual(["ä & b.txt"]);
    expect(await page.evaluate(() => (globalThis as Global).faults)).toEqual([]);
  });

  it("shows a file no more that was deleted while the list was read", async () => {
    for (const name of ["gone.txt", "kept.txt"])
      await fetch(`${app.url}/files?key=${name}`, { method: "PUT", body: "x" });
    await page.goto(`${app.url}/?late`);
    await expect.poll(() => texts("#file-rows a.name")).toContain("gone.txt");
    await page.evaluate(() => {
      const own = fetch;
      globalThis.fetch = async (...given) => {
        const answer = await own(...given);
        // What it says was so when it was asked.
        if (given[1]?.method === undefined) await new Promise((resolve) => setTimeout(resolve, 1000));
        return answer;
      };
    });
    await choose("new.txt", "new");
    await expect.poll(() => texts('.upload[data-state="stored"] .name')).toEqual(["new.txt"]);
    const busy = (): Promise<string | null | undefined> =>
      page.evaluate(() => document.querySelector("#file-rows")?.getAttribute("aria-busy"));
    await expect.poll(busy).toBe("true");
    await click('.row.file[data-key="gone.txt"] .actions button:last-child');
    await click("#confirm button[value=delete]");
    await expect.poll(() => texts("#status")).toEqual(["gone.txt is deleted."]);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const names = await texts("#file-rows a.name");
    expect([names.includes("gone.txt"), names.includes("new.txt")]).toEqual([false, true]);
  });

  it("shows a picture that is stored, and a folder behind its name", async () => {
    const pixel = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
    await fetch(`${app.url}/files?key=${encodeURIComponent("in/dot.gif")}`, {
      method: "PUT",
      body: Buffer.from(pixel, "base64"),
    });
    await page.goto(`${app.url}/?again#in/`);
    await expect.poll(() => texts("#file-rows a.name")).toEqual(["dot.gif"]);
    await click("#file-rows a.name");
    const width = (): Promise<number | undefined> =>
      page.evaluate(() => document.querySelector<HTMLImageElement>("#preview-image")?.naturalWidth);
    await expect.poll(width).toBe(1);
  });
});
