// Times as Discord shows them, and relative times that stay true while they are on screen.

const locale = navigator.language || "en";
const formats = {
  t: new Intl.DateTimeFormat(locale, { timeStyle: "short" }),
  T: new Intl.DateTimeFormat(locale, { timeStyle: "medium" }),
  d: new Intl.DateTimeFormat(locale, { dateStyle: "short" }),
  D: new Intl.DateTimeFormat(locale, { dateStyle: "long" }),
  f: new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" }),
  F: new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" }),
  s: new Intl.DateTimeFormat(locale, { dateStyle: "short", timeStyle: "short" }),
  S: new Intl.DateTimeFormat(locale, { dateStyle: "short", timeStyle: "medium" }),
};
const relative = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const STEPS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

function relativeText(date) {
  const seconds = (date.getTime() - Date.now()) / 1000;
  const [unit, size] = STEPS.find(([, step]) => Math.abs(seconds) >= step) ?? ["second", 1];
  return relative.format(Math.round(seconds / size), unit);
}

/** `<t:unix:style>` as a <time>; style R counts along by itself. Null when the number is no date. */
export function timestamp(unixSeconds, style = "f") {
  const date = new Date(unixSeconds * 1000);
  if (Number.isNaN(date.getTime())) return null;
  const node = document.createElement("time");
  node.dateTime = date.toISOString();
  node.className = "md-time";
  node.title = formats.F.format(date);
  if (style === "R") node.dataset.relative = String(date.getTime());
  node.textContent = style === "R" ? relativeText(date) : (formats[style] ?? formats.f).format(date);
  return node;
}

/** The time beside an author's name: "Today at 14:02" and the like. */
export function stamp(iso, { short = false } = {}) {
  const date = new Date(iso);
  const node = document.createElement("time");
  if (Number.isNaN(date.getTime())) return node;
  node.dateTime = date.toISOString();
  node.title = formats.F.format(date);
  node.className = "stamp";
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86400000);
  const clock = formats.t.format(date);
  const day = days === 0 ? "Today at " : days === 1 ? "Yesterday at " : `${formats.d.format(date)} `;
  node.textContent = short ? clock : day + clock;
  return node;
}

/** The words of a day divider. */
export function dayOf(iso) {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? "" : formats.D.format(date);
}

/** 75.2 -> "1:15". */
export function clockText(seconds) {
  if (!Number.isFinite(seconds)) return "–:––";
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

setInterval(() => {
  for (const node of document.querySelectorAll("time[data-relative]")) {
    const text = relativeText(new Date(Number(node.dataset.relative)));
    if (node.textContent !== text) node.textContent = text;
  }
}, 1000);
