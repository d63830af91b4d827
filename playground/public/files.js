/** The list of one folder: open, preview, download, copy the link, delete. */
import { addressOf, deleteFile, listFolder } from "./api.js";
import { announce, byId, element, icon, iconButton } from "./element.js";
import { formatSize, formatTime, isPicture, nameOf } from "./format.js";

/** Larger pictures are shown when they are opened, not in the list. */
const LARGEST_THUMBNAIL = 8_000_000;

let prefix = "";
let cursor;
/** Answers that come in after a newer question are dropped. */
let question = 0;

/** The folder that is shown: empty, or ending in `/`. */
export function folder() {
  return prefix;
}

/** Shows a folder from its beginning. */
export async function open(next) {
  prefix = next;
  const shown = prefix === "" ? "the top folder" : `the folder ${prefix.slice(0, -1)}`;
  byId("drop-target").textContent = `They go to ${shown}.`;
  showCrumbs();
  await refresh();
}

/** Reads the folder again. */
export async function refresh() {
  cursor = undefined;
  await load((rows) => byId("file-rows").replaceChildren(...rows));
}

/** Reads the page that follows. */
export async function more() {
  await load((rows) => {
    byId("file-rows").append(...rows);
    rows[0]?.querySelector("a, button")?.focus();
  });
}

async function load(place) {
  const mine = ++question;
  byId("file-rows").setAttribute("aria-busy", "true");
  try {
    const page = await listFolder(prefix, cursor);
    if (mine !== question) return;
    place([...page.prefixes.map(folderRow), ...page.objects.map(fileRow)]);
    cursor = page.cursor;
    byId("more").hidden = cursor === undefined;
    byId("empty").hidden = byId("file-rows").childElementCount > 0;
    showError(null);
  } catch (error) {
    if (mine === question) showError(error);
  } finally {
    if (mine === question) byId("file-rows").setAttribute("aria-busy", "false");
  }
}

function showError(error) {
  const text = byId("list-error");
  text.hidden = error === null;
  text.textContent = error?.message ?? "";
}

function showCrumbs() {
  const segments = prefix.split("/").slice(0, -1);
  const steps = segments.map((segment, index) => [
    segment || "(no name)",
    `${segments.slice(0, index + 1).join("/")}/`,
  ]);
  const crumbs = [["All files", ""], ...steps].map(([name, target], index, all) => {
    const here = index === all.length - 1;
    const link = element("a", { href: hashOf(target), className: "crumb" }, name);
    if (here) link.setAttribute("aria-current", "page");
    return element("li", {}, link);
  });
  byId("crumbs").replaceChildren(...crumbs);
  byId("path").hidden = prefix === "";
}

/** Folders live in the fragment, so that the browser's back button works. */
export function hashOf(target) {
  return `#${target.split("/").map(encodeURIComponent).join("/")}`;
}

function folderRow(target) {
  const name = element("a", { className: "name", href: hashOf(target) }, nameOf(target));
  const what = element("div", { className: "what" }, name, element("p", { className: "meta" }, "Folder"));
  return element("li", { className: "row folder" }, element("span", { className: "tile" }, icon("folder")), what);
}

function fileRow(object) {
  const { key, size, lastModified } = object;
  const name = nameOf(key);
  const address = addressOf(key);
  const picture = isPicture(key);
  const link = element("a", { className: "name", href: address, title: name }, name);
  if (picture) link.addEventListener("click", (event) => preview(event, name, address));
  else link.target = "_blank";
  const meta = [formatSize(size), lastModified ? formatTime(lastModified) : null].filter(Boolean).join(" · ");
  const download = element(
    "a",
    { className: "icon-button", href: address, download: name, title: "Download", "aria-label": `Download ${name}` },
    icon("down"),
  );
  const row = element(
    "li",
    { className: "row file" },
    tile(address, name, picture && size <= LARGEST_THUMBNAIL),
    element("div", { className: "what" }, link, element("p", { className: "meta" }, meta)),
    element(
      "div",
      { className: "actions" },
      iconButton("link", `Copy link to ${name}`, () => copyLink(address)),
      download,
      iconButton("bin", `Delete ${name}`, () => remove(key, name, row)),
    ),
  );
  row.dataset.key = key;
  return row;
}

function tile(address, name, picture) {
  const box = element("span", { className: "tile" });
  const extension = /\.([a-z0-9]{1,4})$/i.exec(name)?.[1];
  const sign = extension === undefined ? icon("file") : element("span", { className: "extension" }, extension);
  if (!picture) {
    box.append(sign);
    return box;
  }
  box.append(element("img", { src: address, alt: "", loading: "lazy", onerror: () => box.replaceChildren(sign) }));
  return box;
}

function preview(event, name, address) {
  // A click that asks for a new tab gets one.
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  const image = byId("preview-image");
  byId("preview-title").textContent = name;
  image.src = address;
  image.alt = name;
  byId("preview").showModal();
}

async function copyLink(address) {
  const link = new URL(address, location.href).href;
  try {
    await navigator.clipboard.writeText(link);
    announce("Link copied.");
  } catch {
    announce(`The browser does not let this page copy. The link is ${link}`);
  }
}

async function remove(key, name, row) {
  const dialog = byId("confirm");
  byId("confirm-title").textContent = `Delete ${name}?`;
  dialog.returnValue = "keep";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue !== "delete") return;
  try {
    await deleteFile(key);
  } catch (error) {
    announce(`${name} was not deleted. ${error.message}`);
    return;
  }
  const rows = byId("file-rows");
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  // A list that was asked for before still has the file.
  const isKnown = row.isConnected && rows.getAttribute("aria-busy") !== "true";
  row.remove();
  if (!isKnown) await refresh();
  byId("empty").hidden = rows.childElementCount > 0;
  const next = neighbour?.isConnected ? neighbour.querySelector("a, button") : null;
  (next ?? byId("files-title")).focus();
  announce(`${name} is deleted.`);
}
