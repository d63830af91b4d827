/** Builds DOM nodes. Text only ever becomes text: nothing here parses markup. */

/** An element with properties and children; `null` children are left out. */
export function element(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("aria-")) node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** An icon of the page's sprite. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** A button that shows an icon and says its purpose to those who do not see it. */
export function iconButton(name, label, onclick) {
  return element(
    "button",
    { type: "button", className: "icon-button", title: label, "aria-label": label, onclick },
    icon(name),
  );
}

/** The one element of the page with this id. */
export function byId(id) {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`The page has no #${id}.`);
  return node;
}

let quiet;

/** Says something once to screen readers, and to eyes too unless the page shows it already. */
export function announce(text, { visible = true } = {}) {
  const status = byId("status");
  status.textContent = text;
  status.classList.toggle("shown", visible);
  clearTimeout(quiet);
  quiet = setTimeout(() => status.classList.remove("shown"), 4000);
}
