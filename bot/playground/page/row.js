// One message on screen. `update` patches in place: what did not change keeps its DOM, focus and sound.

import { appBadge, avatar, el, icon, iconButton, nameOf } from "./dom.js";
import { stamp } from "./clock.js";
import { inlineMarkdown, isJumbo, markdown, namesFor, plainText } from "./markdown.js";
import { patchAttachments } from "./attachments.js";
import { patchComponents } from "./components.js";
import { patchEmbeds } from "./embed.js";
import { isEphemeral, isThinking, mentionsUser } from "./store.js";

const LONG_PRESS_MS = 500;

/** The command a message answers, as people read it: "/musicgen", or a message command's name. */
function commandName(message) {
  const name = message.interaction_metadata?.name ?? message.interaction?.name;
  if (!name) return null;
  return message.type === 23 ? name : `/${name}`;
}

/** A one-line summary for replies and screen readers. */
export function summary(message, names) {
  const text = plainText(message.content ?? "", names);
  if (text) return text;
  if (message.attachments?.length) return message.attachments.map(({ filename }) => filename).join(", ");
  const embed = message.embeds?.[0];
  if (embed) return plainText(embed.title ?? embed.description ?? "Embed", names);
  return isThinking(message) ? "is thinking" : "Message";
}

export class MessageRow {
  #signatures = {};

  /** `context`: {store, interactions, openMenu(message, anchor), dismiss(message), jumpTo(id)}. */
  constructor(message, context) {
    this.context = context;
    this.message = message;
    this.part = {
      context: el("div", { class: "message-context" }),
      face: el("div", { class: "message-face" }),
      header: el("div", { class: "message-header" }),
      content: el("div", { class: "message-content", data: { testid: "content" } }),
      attachments: el("div", { class: "attachments", hidden: true }),
      embeds: el("div", { class: "embeds", hidden: true }),
      components: el("div", { class: "components", hidden: true }),
      note: el("div", { class: "message-notes" }),
    };
    const { context: above, face, ...main } = this.part;
    this.more = iconButton("dots", "More: apps and actions", {
      class: "message-more",
      "aria-haspopup": "menu",
      data: { testid: "message-more" },
    });
    this.more.addEventListener("click", () => context.openMenu(this.message, this.more));
    this.node = el(
      "li",
      { class: "message", data: { testid: "message", messageId: message.id } },
      above,
      face,
      el("div", { class: "message-main" }, Object.values(main)),
      el("div", { class: "message-actions" }, this.more),
    );
    this.#listenForMenu();
    this.update(message);
  }

  update(message) {
    this.message = message;
    const { store, interactions } = this.context;
    const names = namesFor(store, message.mentions);
    const ephemeral = isEphemeral(message);
    const data = this.node.dataset;
    data.authorId = message.author.id;
    data.ephemeral = String(ephemeral);
    data.state = message.local ?? (isThinking(message) ? "thinking" : "shown");
    this.node.classList.toggle("is-mention", mentionsUser(message, store.viewer.id));
    this.node.classList.toggle("is-ephemeral", ephemeral);
    this.more.hidden = Boolean(message.local);
    this.node.setAttribute("aria-label", `${nameOf(message.author)}: ${summary(message, names)}`);
    this.#patch(
      "context",
      [message.type, message.interaction_metadata, message.referenced_message, message.message_reference],
      () => this.#above(names),
    );
    this.#patch("face", [message.author], () => [avatar(message.author)]);
    this.#patch("header", [message.author, message.timestamp], () => this.#header());
    this.#patch(
      "content",
      [
        message.content,
        message.flags,
        message.local,
        message.error,
        message.edited_timestamp,
        message.mentions,
      ],
      () => this.#content(names),
    );
    patchAttachments(this.part.attachments, message.attachments ?? []);
    patchEmbeds(this.part.embeds, message.embeds ?? [], names);
    patchComponents(this.part.components, message, this.context);
    this.#patch("note", [ephemeral, message.local, interactions.failures.get(message.id)], () =>
      this.#notes(ephemeral),
    );
  }

  /** Grouped rows continue the one above: no avatar, no name. */
  setGrouped(grouped) {
    this.node.classList.toggle("is-grouped", grouped && this.part.context.childElementCount === 0);
  }

  #patch(name, inputs, build) {
    const signature = JSON.stringify(inputs);
    if (this.#signatures[name] === signature) return;
    this.#signatures[name] = signature;
    const held = this.part[name].contains(document.activeElement)
      ? document.activeElement.dataset.testid
      : null;
    const nodes = build();
    this.part[name].replaceChildren(...nodes);
    this.part[name].hidden = nodes.length === 0;
    if (held) this.part[name].querySelector(`[data-testid="${held}"]`)?.focus({ preventScroll: true });
  }

  #above(names) {
    const { message, context } = this;
    if (message.referenced_message || message.type === 19)
      return [this.#reply(message.referenced_message, names)];
    const name = commandName(message);
    const user = message.interaction_metadata?.user ?? message.interaction?.user;
    if (!name || !user) return [];
    const target = message.interaction_metadata?.target_message_id;
    const link = el("span", { class: "used-command", text: name });
    const used = el(
      "span",
      { class: "used", data: { testid: "used-command" } },
      avatar(user, 16),
      el("span", { class: "used-name", text: nameOf(user) }),
      " used ",
      link,
    );
    if (target)
      used.append(
        " ",
        el("button", {
          type: "button",
          class: "text-link",
          text: "on a message",
          on: { click: () => context.jumpTo(target) },
        }),
      );
    return [el("span", { class: "spine", "aria-hidden": "true" }), used];
  }

  #reply(original, names) {
    const spine = el("span", { class: "spine", "aria-hidden": "true" });
    if (!original) return el("span", { class: "used is-gone" }, spine, "Original message was deleted");
    const open = () => this.context.jumpTo(original.id);
    return el(
      "button",
      {
        type: "button",
        class: "used reply",
        on: { click: open },
        data: { testid: "reply-context", replyTo: original.id },
        "aria-label": `Reply to ${nameOf(original.author)}: go to that message`,
      },
      spine,
      avatar(original.author, 16),
      el("span", { class: "used-name", text: nameOf(original.author) }),
      el("span", { class: "reply-text", text: summary(original, names) }),
    );
  }

  #header() {
    const { author, timestamp } = this.message;
    return [
      el("span", { class: "author", data: { testid: "author" }, text: nameOf(author) }),
      author.bot ? appBadge() : null,
      stamp(timestamp),
    ].filter(Boolean);
  }

  #content(names) {
    const { message } = this;
    if (message.local === "sending") return [working("Sending command…")];
    if (message.local === "failed") return [failure(message.error)];
    if (isThinking(message)) return [working(`${nameOf(message.author)} is thinking…`)];
    const text = message.content ?? "";
    if (!text) return [];
    this.part.content.classList.toggle("is-jumbo", isJumbo(text));
    const out = [markdown(text, names)];
    if (message.edited_timestamp)
      out.push(
        el("span", {
          class: "edited",
          text: " (edited)",
          title: new Date(message.edited_timestamp).toLocaleString(),
        }),
      );
    return out;
  }

  #notes(ephemeral) {
    const { message, context } = this;
    const text = context.interactions.failures.get(message.id);
    const out = text ? [failure(text)] : [];
    if (!ephemeral || message.local === "sending") return out;
    const dismiss = el("button", {
      type: "button",
      class: "text-link",
      text: "Dismiss message",
      data: { testid: "dismiss" },
      on: { click: () => context.dismiss(message) },
    });
    out.push(
      el(
        "p",
        { class: "ephemeral-note", data: { testid: "ephemeral-note" } },
        icon("eye", 15),
        "Only you can see this ·",
        dismiss,
      ),
    );
    return out;
  }

  #listenForMenu() {
    const own = "a[href], input, textarea, .player";
    let timer = 0;
    let pressed = false;
    const cancel = () => clearTimeout(timer);
    const open = (event) =>
      !this.message.local && this.context.openMenu(this.message, { x: event.clientX, y: event.clientY });
    this.node.addEventListener("contextmenu", (event) => {
      if (event.target.closest(own)) return;
      event.preventDefault();
      cancel();
      if (!pressed) open(event);
      pressed = false;
    });
    this.node.addEventListener("pointerdown", (event) => {
      pressed = false;
      if (event.pointerType !== "touch" || event.target.closest(`${own}, button`)) return;
      timer = setTimeout(() => {
        pressed = true;
        open(event);
      }, LONG_PRESS_MS);
    });
    for (const type of ["pointerup", "pointercancel", "pointermove"])
      this.node.addEventListener(type, cancel);
  }
}

function working(text) {
  return el(
    "span",
    { class: "working", data: { testid: "thinking" } },
    el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")),
    text,
  );
}

function failure(text) {
  return el(
    "p",
    { class: "failure", data: { testid: "failure" } },
    icon("warning", 15),
    el("span", {}, inlineMarkdown(text, { user: String, channel: String })),
  );
}
