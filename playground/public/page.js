/** Wires the page: dropping, choosing, folders in the address, dialogs. */
import { droppedFiles } from "./drop.js";
import { announce, byId } from "./element.js";
import { folder, more, open, refresh } from "./files.js";
import { clearFinished, enqueue, onStored } from "./uploads.js";

const picker = byId("picker");
picker.addEventListener("change", () => {
  enqueue(
    [...picker.files].map((file) => ({ path: file.name, file })),
    folder(),
  );
  picker.value = "";
});

/** Leaving a child of the page fires a leave event too: only the balance says whether the pointer is still over it. */
let over = 0;
const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
const mark = (count) => {
  over = Math.max(0, count);
  byId("drop").classList.toggle("over", over > 0);
};

addEventListener("dragenter", (event) => holdsFiles(event) && mark(over + 1));
addEventListener("dragleave", (event) => holdsFiles(event) && mark(over - 1));
addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
addEventListener("drop", async (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  mark(0);
  const target = folder();
  try {
    enqueue(await droppedFiles(event.dataTransfer), target);
  } catch {
    announce("The browser could not read what was dropped.");
  }
});

/** Several files that are stored at once are one reason to look again. */
let pending;
onStored(() => {
  clearTimeout(pending);
  pending = setTimeout(refresh, 150);
});

byId("clear-uploads").addEventListener("click", clearFinished);
byId("more").addEventListener("click", more);

const preview = byId("preview");
const picture = byId("preview-image");
byId("preview-close").addEventListener("click", () => preview.close());
preview.addEventListener("click", (event) => event.target === preview && preview.close());
preview.addEventListener("close", () => picture.removeAttribute("src"));
picture.addEventListener("error", () => {
  preview.close();
  announce(`${picture.alt} cannot be shown as a picture.`);
});

const fromAddress = () => {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
};
addEventListener("hashchange", () => {
  void open(fromAddress());
  byId("files-title").focus();
});
void open(fromAddress());
