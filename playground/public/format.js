/** Sizes, times and names for people. */

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** A size in bytes, in powers of 1000 as file managers show it. */
export function formatSize(bytes) {
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  const value = bytes / 1000 ** power;
  return `${value.toLocaleString(undefined, { maximumFractionDigits: value < 10 && power > 0 ? 1 : 0 })} ${UNITS[power]}`;
}

const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const STEPS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** How long ago, up to a week; then the date. */
export function formatTime(iso) {
  const date = new Date(iso);
  const seconds = (date.getTime() - Date.now()) / 1000;
  if (seconds < -7 * 86_400) return date.toLocaleDateString(undefined, { dateStyle: "medium" });
  for (const [unit, length] of STEPS) {
    if (seconds <= -length) return RELATIVE.format(Math.ceil(seconds / length), unit);
  }
  return "just now";
}

/** The last segment of a key or prefix. An empty one is legal and has to be called something. */
export function nameOf(key) {
  const path = key.endsWith("/") ? key.slice(0, -1) : key;
  return path.slice(path.lastIndexOf("/") + 1) || "(no name)";
}

/** Whether a browser can show it as a picture, by its extension: listings carry no types. */
export function isPicture(key) {
  return /\.(?:png|jpe?g|gif|webp|avif|svg|ico|bmp)$/i.test(key);
}
