// Building blocks for the page's DOM. Text only ever enters as text nodes, never as markup.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  plus: ["M12 5v14", "M5 12h14"],
  send: ["M4 12 20 4l-5 16-3.5-6.5z", "M11.5 13.5 20 4"],
  dots: ["M5 12h.01", "M12 12h.01", "M19 12h.01"],
  play: ["M8 5.5v13l10.5-6.5z"],
  pause: ["M8 5v14", "M16 5v14"],
  download: ["M12 4v11", "M7 11l5 5 5-5", "M5 20h14"],
  close: ["M6 6l12 12", "M18 6 6 18"],
  menu: ["M4 7h16", "M4 12h16", "M4 17h16"],
  hash: ["M9 4 7 20", "M17 4l-2 16", "M4 9h17", "M3 15h17"],
  at: [
    "M15.5 12a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0z",
    "M15.5 8.5V13a2.5 2.5 0 0 0 5 0v-1a8.5 8.5 0 1 0-3.4 6.8",
  ],
  file: ["M7 3h7l4 4v14H7z", "M14 3v5h4"],
  music: [
    "M9 18V6l11-2v12",
    "M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
    "M20 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
  ],
  check: ["M5 12.5 10 17.5 19 7"],
  chevron: ["M6 9l6 6 6-6"],
  volume: ["M4 9.5v5h3.5L12 19V5L7.5 9.5z", "M15.5 9a4 4 0 0 1 0 6", "M18 6.5a8 8 0 0 1 0 11"],
  globe: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M3 12h18", "M12 3c2.8 2.6 3.8 5.6 3.8 9s-1 6.4-3.8 9c-2.8-2.6-3.8-5.6-3.8-9s1-6.4 3.8-9z"],
  muted: ["M4 9.5v5h3.5L12 19V5L7.5 9.5z", "M16 9.5l5 5", "M21 9.5l-5 5"],
  mic: ["M12 3.5a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3z", "M5.5 11.5a6.5 6.5 0 0 0 13 0", "M12 18v3"],
  hand: ["M7 12V6.5a1.5 1.5 0 0 1 3 0V11", "M10 10.5V4.5a1.5 1.5 0 0 1 3 0v6", "M13 6.5a1.5 1.5 0 0 1 3 0V14a6 6 0 0 1-6 6c-3 0-4-2-6-6l2-1 2 2.5"],
  leave: ["M14 4h5v16h-5", "M10 8l-4 4 4 4", "M6 12h9"],
  upload: ["M12 16V5", "M7 9.5 12 4.5l5 5", "M5 20h14"],
  trash: ["M5 7h14", "M9 7V4h6v3", "M7 7l1 13h8l1-13"],
  copy: ["M9 9h11v11H9z", "M5 15H4V4h11v1"],
  warning: ["M12 4 2.5 20h19z", "M12 10v4.5", "M12 17.3h.01"],
  eye: [
    "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z",
    "M14.8 12a2.8 2.8 0 1 1-5.6 0 2.8 2.8 0 0 1 5.6 0z",
  ],
  external: ["M14 4h6v6", "M20 4l-9 9", "M18 14v6H4V6h6"],
  bars: ["M5 10v4", "M9.5 6v12", "M14.5 8.5v7", "M19 10.5v3"],
  slash: ["M16 4 8 20"],
  plug: ["M9 3v5", "M15 3v5", "M6 8h12v3a6 6 0 0 1-12 0z", "M12 17v4"],
  reply: ["M4 18v-4a4 4 0 0 1 4-4h12"],
};

/** One element. `props`: class, text, data:{}, on:{}, style:{}, or any attribute; false/null omit. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") node.className = value;
    else if (key === "text") node.textContent = value;
    else if (key === "data") Object.assign(node.dataset, value);
    else if (key === "on") for (const [type, fn] of Object.entries(value)) node.addEventListener(type, fn);
    else if (key === "style") for (const [name, v] of Object.entries(value)) node.style.setProperty(name, v);
    else if (key === "value") node.value = value;
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A decorative line icon, hidden from assistive technology. */
export function icon(name, size = 20) {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = {
    viewBox: "0 0 24 24",
    width: size,
    height: size,
    "aria-hidden": "true",
    class: `icon icon-${name}`,
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, String(value));
  for (const d of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** A button that shows only an icon; `label` is its accessible name and tooltip. */
export function iconButton(name, label, props = {}) {
  const { class: extra = "", ...rest } = props;
  return el(
    "button",
    { type: "button", class: `icon-button ${extra}`.trim(), "aria-label": label, title: label, ...rest },
    icon(name),
  );
}

const AVATAR_COLOURS = [
  "#5560e6",
  "#1b7a63",
  "#ad4f86",
  "#a35d24",
  "#8456c9",
  "#2b74a6",
  "#a8483f",
  "#587429",
];

/** The name people see for a Discord user object. */
export function nameOf(user) {
  return user?.global_name || user?.username || "Unknown";
}

/** Initials on a colour taken from the user's name; bots get the sound-bars mark. */
export function avatar(user, size = 40) {
  const sum = [...(user?.username ?? "")].reduce((total, char) => total + char.codePointAt(0), 0);
  const own = AVATAR_COLOURS[sum % AVATAR_COLOURS.length];
  const colour = user?.bot ? "linear-gradient(135deg, #6f7bff, #a14bd6)" : own;
  const initials = (nameOf(user).match(/(?<![\p{L}\p{N}(])[\p{L}\p{N}]/gu) ?? ["?"])
    .slice(0, 2)
    .join("")
    .toUpperCase();
  const style = { "--avatar-size": `${size}px`, background: colour };
  return el(
    "span",
    { class: "avatar", "aria-hidden": "true", style },
    user?.bot ? icon("bars", size * 0.6) : initials,
  );
}

/** The badge beside an application's name. */
export function appBadge() {
  return el("span", { class: "badge-app", text: "APP" });
}

/** 1536 -> "1.5 KB". */
export function fileSize(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  const units = ["KB", "MB", "GB"];
  let size = bytes / 1024;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size.toFixed(size < 10 ? 1 : 0)} ${units[unit]}`;
}

/** Only web addresses may become links or sources. */
export function webUrl(value) {
  return typeof value === "string" && /^https?:\/\//iu.test(value) ? value : null;
}

let serial = 0;
/** A document-unique id, for labels and active descendants. */
export function uniqueId(prefix) {
  serial += 1;
  return `${prefix}-${serial}`;
}
