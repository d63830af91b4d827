/** The list of uploads: a few at a time, each with its progress, and each can be cancelled or tried again. */
import { uploadFile } from "./api.js";
import { announce, byId, element, iconButton } from "./element.js";
import { formatSize } from "./format.js";

const AT_ONCE = 3;
const waiting = [];
let running = 0;
let stored = () => {};

/** Calls back with the key whenever a file has been stored. */
export function onStored(callback) {
  stored = callback;
}

/** Puts files into the queue, to be stored as `prefix` + path. */
export function enqueue(files, prefix) {
  for (const { path, file } of files) {
    const upload = { key: prefix + path, file, replace: false, cancel: null, ...row(path, file) };
    upload.show("Waiting", "waiting", [cancelButton(upload)]);
    byId("upload-rows").prepend(upload.node);
    waiting.push(upload);
  }
  byId("uploads").hidden = byId("upload-rows").childElementCount === 0;
  next();
}

/** Takes away the rows of uploads that have come to an end. */
export function clearFinished() {
  for (const node of [...byId("upload-rows").children]) {
    if (node.dataset.state !== "running" && node.dataset.state !== "waiting") node.remove();
  }
  byId("uploads").hidden = byId("upload-rows").childElementCount === 0;
}

function next() {
  while (running < AT_ONCE && waiting.length > 0) void run(waiting.shift());
}

async function run(upload) {
  running += 1;
  const { file, key } = upload;
  const started = uploadFile(key, file, {
    replace: upload.replace,
    onProgress: (loaded, total) => {
      upload.bar.value = total === 0 ? 1 : loaded / total;
      const part = `${formatSize(loaded)} of ${formatSize(total)}`;
      upload.say(loaded < total ? `${part} · ${Math.floor((loaded / total) * 100)} %` : "Storing…");
    },
  });
  upload.cancel = started.cancel;
  upload.show("Starting…", "running", [cancelButton(upload)]);
  try {
    await started.done;
    upload.bar.value = 1;
    upload.show(`Stored · ${formatSize(file.size)}`, "stored", []);
    announce(`${upload.path} is stored.`, { visible: false });
    stored(key);
  } catch (error) {
    fail(upload, error);
  } finally {
    upload.cancel = null;
    running -= 1;
    next();
  }
}

function fail(upload, error) {
  if (error.code === "aborted") {
    upload.show(error.message, "cancelled", [again(upload, "Try again", false)]);
    announce(`${upload.path}: cancelled.`, { visible: false });
    return;
  }
  const exists = error.code === "precondition-failed";
  const text = exists ? "There is already a file with this name." : error.message;
  upload.show(text, "failed", [exists ? again(upload, "Replace it", true) : again(upload, "Try again", false)]);
  announce(`${upload.path} was not stored. ${text}`, { visible: false });
}

function cancelButton(upload) {
  return iconButton("close", `Cancel upload of ${upload.path}`, () => {
    const index = waiting.indexOf(upload);
    if (index === -1) return upload.cancel?.();
    waiting.splice(index, 1);
    fail(upload, Object.assign(new Error("Cancelled. Nothing was stored."), { code: "aborted" }));
  });
}

function again(upload, label, replace) {
  const onclick = () => {
    upload.replace = replace;
    upload.bar.value = 0;
    upload.show("Waiting", "waiting", [cancelButton(upload)]);
    waiting.push(upload);
    next();
  };
  return element(
    "button",
    { type: "button", className: "button quiet", "aria-label": `${label}: ${upload.path}`, onclick },
    label,
  );
}

function row(path, file) {
  const text = element("p", { className: "meta" });
  const bar = element("progress", { max: 1, value: 0, "aria-label": `Upload of ${path}` });
  const actions = element("div", { className: "actions" });
  const name = element("p", { className: "name", title: path }, path);
  const node = element(
    "li",
    { className: "row upload" },
    element("div", { className: "what" }, name, bar, text),
    actions,
  );
  const say = (message) => void (text.textContent = message);
  const show = (message, state, buttons) => {
    const hadFocus = actions.contains(document.activeElement);
    node.dataset.state = state;
    say(message);
    actions.replaceChildren(...buttons);
    if (hadFocus) (buttons[0] ?? byId("files-title")).focus();
  };
  return { path, node, bar, say, show, size: file.size };
}
