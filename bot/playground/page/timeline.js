// The channel's messages: rows kept by id, in order, scrolled to the end only if they were there.

import { el, icon, nameOf } from "./dom.js";
import { dayOf } from "./clock.js";
import { nameChannels, namesFor } from "./markdown.js";
import { MessageRow, summary } from "./row.js";
import { compareIds, isEphemeral, isThinking } from "./store.js";

const NEAR_END_PX = 80;
const GROUP_MS = 7 * 60 * 1000;

export class Timeline {
  #rows = new Map();
  #pinned = true;
  #lastTop = 0;

  /** `parts`: {scroller, list, jump, announcer}; `context` is what a MessageRow needs. */
  constructor(parts, context) {
    this.parts = parts;
    this.context = { ...context, jumpTo: (id) => this.jumpTo(id) };
    this.store = context.store;
    const { scroller, list, jump } = parts;
    scroller.addEventListener(
      "scroll",
      () => {
        // Content that grows is no reason to let go of the end; scrolling up is.
        const up = scroller.scrollTop < this.#lastTop;
        this.#lastTop = scroller.scrollTop;
        this.#pinned = this.#distance() < NEAR_END_PX || (this.#pinned && !up);
        if (this.#pinned) jump.hidden = true;
      },
      { passive: true },
    );
    const stay = new ResizeObserver(() => this.#pinned && this.toEnd());
    stay.observe(list);
    stay.observe(scroller);
    jump.addEventListener("click", () => this.toEnd());
    this.store.on("hello", ({ sameViewer }) => this.show({ afresh: !sameViewer }));
    this.store.on("channel", () => this.show({ afresh: true }));
    this.store.on("channels", () => {
      this.#sync();
      nameChannels(list, namesFor(this.store));
    });
    this.store.on("message", (detail) => this.#changed(detail));
    this.store.on("remove", ({ channelId }) => channelId === this.store.channelId && this.#sync());
  }

  /** Shows the current channel; `afresh` drops the rows of another one. */
  show({ afresh }) {
    if (afresh) {
      this.#rows.clear();
      this.parts.list.replaceChildren();
      this.#pinned = true;
    }
    this.parts.jump.hidden = true;
    this.#sync();
    if (this.#pinned) this.toEnd();
  }

  toEnd() {
    this.#pinned = true;
    this.parts.jump.hidden = true;
    this.parts.scroller.scrollTop = this.parts.scroller.scrollHeight;
  }

  jumpTo(id) {
    const row = this.#rows.get(id);
    if (!row) return;
    row.node.scrollIntoView({ block: "center" });
    row.node.classList.remove("is-flash");
    void row.node.offsetWidth; // restarts the animation
    row.node.classList.add("is-flash");
    row.more.focus({ preventScroll: true });
  }

  #distance() {
    const { scrollHeight, scrollTop, clientHeight } = this.parts.scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  #changed({ message, created, self }) {
    if (message.channel_id !== this.store.channelId) return;
    const row = this.#rows.get(message.id);
    const hadFile = (row?.message.attachments ?? []).length;
    if (row) row.update(message);
    else this.#sync();
    const mine = message.author.id === this.store.viewer.id || message.local === "sending";
    if (created && mine) this.toEnd();
    else if (this.#pinned) this.toEnd();
    else if (created) this.parts.jump.hidden = false;
    if (self || mine || message.local) return;
    const arrived = (message.attachments ?? []).length > hadFile;
    if ((created && !isThinking(message)) || (!created && arrived)) this.#announce(message);
  }

  #announce(message) {
    const { announcer } = this.parts;
    const text = summary(message, namesFor(this.store, message.mentions));
    announcer.append(el("p", { text: `${nameOf(message.author)}: ${text}` }));
    while (announcer.childElementCount > 8) announcer.firstElementChild.remove();
  }

  #sync() {
    const messages = this.store.list(this.store.channelId);
    const ids = new Set(messages.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      this.#leave(row);
      this.#rows.delete(id);
    }
    for (const message of messages) {
      const row = this.#rows.get(message.id);
      if (row) row.update(message);
      else this.#rows.set(message.id, new MessageRow(message, this.context));
    }
    this.#place();
  }

  /** Focus never falls to the page when its message goes: it moves to the message list. */
  #leave(row) {
    if (row.node.contains(document.activeElement)) this.parts.scroller.focus({ preventScroll: true });
    row.node.remove();
  }

  /** Puts welcome, day dividers and rows in order, moving only what is out of place. */
  #place() {
    const { list } = this.parts;
    for (const node of list.querySelectorAll(".day, .welcome")) node.remove();
    const ordered = [welcome(this.store)];
    let before = null;
    for (const id of [...this.#rows.keys()].sort(compareIds)) {
      const row = this.#rows.get(id);
      const day = dayOf(row.message.timestamp);
      const newDay = before === null || day !== dayOf(before.timestamp);
      if (newDay && day) ordered.push(el("li", { class: "day" }, el("span", { text: day })));
      row.setGrouped(!newDay && continues(before, row.message));
      ordered.push(row.node);
      before = row.message;
    }
    ordered.forEach((node, index) => {
      if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
    });
  }
}

function continues(before, message) {
  const gap = new Date(message.timestamp) - new Date(before.timestamp);
  if (isEphemeral(message) || isEphemeral(before)) return false;
  return before.author.id === message.author.id && gap < GROUP_MS;
}

function welcome(store) {
  const { channel } = store;
  if (!channel) return el("li", { class: "welcome" });
  const name = channel.kind === "dm" ? channel.name : `#${channel.name}`;
  const first = store.commands.find((command) => (command.type ?? 1) === 1);
  const hint = first
    ? [
        "Type ",
        el("kbd", { text: "/" }),
        ` to see the commands, for example `,
        el("code", { class: "md-code", text: `/${first.name}` }),
        ".",
      ]
    : ["Type a message, or wait for the bot to bring its commands."];
  return el(
    "li",
    { class: "welcome" },
    el("span", { class: "welcome-mark" }, icon(channel.kind === "dm" ? "at" : "hash", 34)),
    el("h2", { text: channel.kind === "dm" ? name : `Welcome to ${name}` }),
    el("p", {}, hint),
  );
}
