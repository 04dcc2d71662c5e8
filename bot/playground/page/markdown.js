// Discord's markdown, parsed straight into DOM nodes. Anything not understood stays plain text.

import { el, icon, nameOf, webUrl } from "./dom.js";
import { timestamp } from "./clock.js";

const FENCE = /(?<!\\)```(?:([\w+-]+)\n)?\n?([\s\S]+?)\n?```/gu;

/** A link to a channel, or to a message in one: their ids. */
export const PLACE_LINK = /^https:\/\/discord\.com\/channels\/(?:\d+|@me)\/(\d+)(?:\/(\d+))?$/u;

/** Full markdown (blocks and inline). `names`: {user(id), channel(id)} resolve mentions. */
export function markdown(text, names) {
  const out = document.createDocumentFragment();
  let from = 0;
  for (const match of text.matchAll(FENCE)) {
    appendBlocks(out, text.slice(from, match.index).replace(/\n$/u, ""), names);
    out.append(codeBlock(match[2], match[1]));
    from = match.index + match[0].length;
    if (text[from] === "\n") from += 1;
  }
  appendBlocks(out, text.slice(from), names);
  return out;
}

/** Inline markdown only: embed titles, field names. */
export function inlineMarkdown(text, names) {
  const out = document.createDocumentFragment();
  appendInline(out, text, names);
  return out;
}

/** Markdown without its marks, for one-line previews. */
export function plainText(text, names) {
  const holder = document.createElement("div");
  holder.append(markdown(text, names));
  for (const button of holder.querySelectorAll(".md-copy")) button.remove();
  return holder.textContent.replace(/\s+/gu, " ").trim();
}

/** True when the text is a few emoji and nothing else, which Discord shows large. */
export function isJumbo(text) {
  return /^(?:\p{Extended_Pictographic}[\uFE0F\u{1F3FB}-\u{1F3FF}]*(?:\u200D\p{Extended_Pictographic}\uFE0F?)*\s*){1,12}$/u.test(
    text,
  );
}

function codeBlock(code, language) {
  const copy = el(
    "button",
    { type: "button", class: "md-copy", "aria-label": "Copy code", title: "Copy" },
    icon("copy", 16),
  );
  copy.addEventListener("click", async () => {
    await navigator.clipboard?.writeText(code);
    copy.replaceChildren(icon("check", 16));
  });
  return el(
    "pre",
    { class: "md-block", data: { language: language ?? "" } },
    el("code", { text: code }),
    copy,
  );
}

const LINE_KINDS = [
  ["quoteRest", /^>>> ?(.*)$/u],
  ["quote", /^> ?(.*)$/u],
  ["heading", /^(#{1,3}) +(.+)$/u],
  ["subtext", /^-# +(.+)$/u],
  ["item", /^( *)(?:[-*]|(\d+)\.) +(.+)$/u],
];

function appendBlocks(parent, text, names) {
  if (text === "") return;
  const lines = text.split("\n");
  let prose = [];
  const flush = () => {
    if (prose.length) appendInline(parent, prose.join("\n"), names);
    prose = [];
  };
  for (let at = 0; at < lines.length; at += 1) {
    const [kind, match] = kindOf(lines[at]);
    if (!kind) {
      prose.push(lines[at]);
      continue;
    }
    flush();
    if (kind === "quoteRest") {
      parent.append(quote([match[1], ...lines.slice(at + 1)], names));
      return;
    }
    if (kind === "quote") {
      const quoted = [match[1]];
      while (at + 1 < lines.length && kindOf(lines[at + 1])[0] === "quote")
        quoted.push(kindOf(lines[(at += 1)])[1][1]);
      parent.append(quote(quoted, names));
    } else if (kind === "heading") {
      parent.append(
        el(
          "p",
          { class: `md-h md-h${match[1].length}`, role: "heading", "aria-level": match[1].length + 2 },
          inlineMarkdown(match[2], names),
        ),
      );
    } else if (kind === "subtext") {
      parent.append(el("small", { class: "md-subtext" }, inlineMarkdown(match[1], names)));
    } else {
      const depth = Math.min(2, Math.floor(match[1].length / 2));
      parent.append(
        el(
          "div",
          { class: "md-item", style: { "--depth": String(depth) } },
          el("span", { class: "md-bullet", text: match[2] ? `${match[2]}.` : "•" }),
          el("span", {}, inlineMarkdown(match[3], names)),
        ),
      );
    }
  }
  flush();
}

function kindOf(line) {
  for (const [kind, pattern] of LINE_KINDS) {
    const match = pattern.exec(line);
    if (match) return [kind, match];
  }
  return [null, null];
}

function quote(lines, names) {
  const node = el("blockquote", { class: "md-quote" });
  appendBlocks(node, lines.join("\n"), names);
  return node;
}

const wrap = (tag, className) => (match, names) =>
  el(tag, { class: className }, inlineMarkdown(match[1], names));

// Order matters: the first rule that matches at a position wins.
const RULES = [
  [/\\([^\p{L}\p{N}\s])/uy, (match) => match[1]],
  [
    /(`+)([\s\S]*?[^`])\1(?!`)/uy,
    (match) => el("code", { class: "md-code", text: match[2].replace(/^ (.*) $/su, "$1") }),
  ],
  [/<t:(-?\d{1,13})(?::([tTdDfFsSR]))?>/uy, (match) => timestamp(Number(match[1]), match[2]) ?? match[0]],
  [/<@!?(\d+)>/uy, (match, names) => mention(`@${names.user(match[1])}`, match[1])],
  [/<#(\d+)>/uy, (match, names) => channelMention(match[1], names)],
  [/<@&(\d+)>/uy, () => mention("@role")],
  [/<\/([^:>]{1,100}):\d+>/uy, (match) => commandMention(match[1])],
  [/@(?:everyone|here)\b/uy, (match) => mention(match[0])],
  [/<a?(:\w+:)\d+>/uy, (match) => match[1]],
  [/<(https?:\/\/[^\s<>]+)>/uy, (match) => link(match[1], match[1])],
  [
    /\[((?:\\.|[^[\]\\])+)\]\(<?(https?:\/\/(?:[^\s()<>]|\([^\s()<>]*\))+)>?(?: +"[^"]*")?\)/uy,
    (match, names) => link(match[2], withoutLinks(inlineMarkdown(match[1], names))),
  ],
  [
    /https?:\/\/(?:[^\s<>()]|\([^\s<>()]*\))*(?:\([^\s<>()]*\)|[^\s<>().,:;"'!?\]*_~|])/uy,
    (match, names) => link(match[0], placeOf(match[0], names) ?? match[0]),
  ],
  [
    /\*\*\*((?:\\[\s\S]|[^\\])+?)\*\*\*(?!\*)/uy,
    (match, names) => el("strong", {}, el("em", {}, inlineMarkdown(match[1], names))),
  ],
  [/\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)/uy, wrap("strong", "")],
  [/__((?:\\[\s\S]|[^\\])+?)__(?!_)/uy, wrap("u", "")],
  [/\*(?=\S)((?:\\[\s\S]|\*\*|[^\\*])+?)\*(?!\*)/uy, wrap("em", "")],
  [/(?<![\p{L}\p{N}])_((?:\\[\s\S]|__|[^\\_])+?)_(?![\p{L}\p{N}_])/uy, wrap("em", "")],
  [/~~((?:\\[\s\S]|[^\\])+?)~~/uy, wrap("s", "")],
  [/\|\|((?:\\[\s\S]|[^\\])+?)\|\|/uy, (match, names) => spoiler(inlineMarkdown(match[1], names))],
];
const PLAIN = /[\s\S][^\\`<@[*_~|h]*/uy;

function appendInline(parent, text, names) {
  let at = 0;
  let plain = "";
  while (at < text.length) {
    const hit = ruleAt(text, at);
    if (hit) {
      if (plain) parent.append(plain);
      plain = "";
      parent.append(hit.make(hit.match, names));
      at += hit.match[0].length;
    } else {
      PLAIN.lastIndex = at;
      const run = PLAIN.exec(text)[0];
      plain += run;
      at += run.length;
    }
  }
  if (plain) parent.append(plain);
}

function ruleAt(text, at) {
  for (const [pattern, make] of RULES) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return { match, make };
  }
  return null;
}

function mention(text, userId) {
  return el("span", { class: "md-mention", text, data: userId ? { userId } : {} });
}

/** A command to press: the event reaches the page, which opens it. */
function commandMention(name) {
  return pressable(`/${name}`, { testid: "command-mention" }, "usecommand", name);
}

/** A channel to go to: the event reaches the page, which shows it. */
function channelMention(id, names) {
  const data = { testid: "channel-mention", channelId: id };
  return pressable(channelName(id, names), data, "gotochannel", id);
}

function pressable(text, data, event, detail) {
  const node = el("button", { type: "button", class: "md-mention md-pressable", text, data });
  node.addEventListener("click", () =>
    node.dispatchEvent(new CustomEvent(event, { detail, bubbles: true })),
  );
  return node;
}

/** Names the channels that were not known yet when they were mentioned, as of a thread begun since. */
export function nameChannels(root, names) {
  for (const node of root.querySelectorAll(".md-mention[data-channel-id]"))
    node.textContent = channelName(node.dataset.channelId, names);
}

const channelName = (id, names) => `#${names.channel(id) ?? "unknown"}`;

/** How Discord shows a link to what is here; null for any other. */
function placeOf(url, names) {
  const [, channelId, messageId] = PLACE_LINK.exec(url) ?? [];
  const name = channelId && names.channel(channelId);
  return name ? `#${name}${messageId ? " › message" : ""}` : null;
}

function link(url, content) {
  const safe = webUrl(url);
  return safe ? el("a", { href: safe, target: "_blank", rel: "noopener noreferrer" }, content) : content;
}

function withoutLinks(content) {
  for (const anchor of content.querySelectorAll("a")) anchor.replaceWith(anchor.textContent);
  return content;
}

function spoiler(content) {
  const hidden = el("span", { class: "md-spoiler-text" }, content);
  const node = el(
    "span",
    { class: "md-spoiler", role: "button", tabindex: "0", "aria-label": "Spoiler", "aria-expanded": "false" },
    hidden,
  );
  const reveal = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    if (node.classList.contains("is-open")) return;
    event.preventDefault();
    node.classList.add("is-open");
    node.setAttribute("aria-expanded", "true");
    node.removeAttribute("aria-label");
  };
  node.addEventListener("click", reveal);
  node.addEventListener("keydown", reveal);
  return node;
}

/** Resolves ids in mentions from the store, first from the message's own `mentions`. */
export function namesFor(store, mentions = []) {
  return {
    user: (id) => nameOf(mentions.find((user) => user.id === id) ?? store.user(id)),
    channel: (id) => store.channels.find((channel) => channel.id === id)?.name ?? null,
  };
}
