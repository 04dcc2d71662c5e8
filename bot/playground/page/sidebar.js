// The left column: channels, and who you act as. On a narrow screen it is a drawer.

import { readIn } from "./api.js";
import { appBadge, avatar, el, icon, iconButton, nameOf } from "./dom.js";

/** Discord's names of languages: those that the bot speaks, and one that it does not. */
const LANGUAGES = [
  ["en-US", "English, US"],
  ["en-GB", "English, UK"],
  ["de", "Deutsch"],
  ["fr", "Français"],
  ["es-ES", "Español (España)"],
  ["es-419", "Español (LATAM)"],
  ["ja", "日本語"],
  ["pt-BR", "Português do Brasil"],
  ["pl", "Polski"],
];

export class Sidebar {
  /** `parts`: {sidebar, members, scrim, opener}; `onPerson(id)` switches whom you act as. */
  constructor(parts, store, onPerson, voice) {
    this.voice = voice;
    this.parts = parts;
    this.store = store;
    this.onPerson = onPerson;
    this.narrow = matchMedia("(max-width: 760px)");
    parts.opener.append(icon("menu", 22));
    parts.opener.addEventListener("click", () => this.setOpen(true));
    parts.scrim.addEventListener("click", () => this.setOpen(false));
    // Wherever the focus is: it may have been on what a message has just redrawn.
    document.addEventListener(
      "keydown",
      (event) =>
        event.key === "Escape" && parts.sidebar.classList.contains("is-open") && this.setOpen(false),
    );
    this.narrow.addEventListener("change", () => this.setOpen(false));
    for (const type of ["hello", "channel", "channels", "locales", "voice", "unread", "bot"])
      store.on(type, () => this.render());
    this.setOpen(false);
  }

  setOpen(open) {
    const { sidebar, scrim, opener } = this.parts;
    const drawer = this.narrow.matches;
    const wasOpen = sidebar.classList.contains("is-open");
    sidebar.classList.toggle("is-open", drawer && open);
    sidebar.inert = drawer && !open;
    scrim.hidden = !(drawer && open);
    opener.setAttribute("aria-expanded", String(drawer && open));
    document.getElementById("main").inert = drawer && open;
    if (drawer && open)
      (sidebar.querySelector("[aria-current=page]") ?? sidebar.querySelector("button"))?.focus();
    else if (drawer && wasOpen) opener.focus();
  }

  render() {
    const { store } = this;
    const { sidebar, members } = this.parts;
    const focused = sidebar.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const threadsOf = (parent) => store.channels.filter((channel) => channel.parent_id === parent.id);
    const texts = store.channels
      .filter(({ kind, parent_id }) => kind === "text" && !parent_id)
      .flatMap((channel) => [channel, ...threadsOf(channel)]);
    const dms = store.channels.filter(({ kind }) => kind === "dm");
    sidebar.replaceChildren(
      el(
        "header",
        { class: "guild" },
        el("span", { class: "guild-name", text: store.guild.name }),
        iconButton("close", "Close", {
          class: "only-narrow",
          data: { key: "close", testid: "drawer-close" },
          on: { click: () => this.setOpen(false) },
        }),
      ),
      this.#language(store.guild.id, "Language of this server", "s"),
      el(
        "nav",
        { class: "channels", "aria-label": "Channels" },
        this.#section("Text channels", texts),
        this.#voiceChannels(),
        dms.length ? this.#section("Direct messages", dms) : null,
      ),
      this.#people(),
    );
    if (focused) sidebar.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    members.replaceChildren(...this.#members());
  }

  #voiceChannels() {
    const { voiceNote, channels } = this.store;
    const rooms = channels.filter(({ kind }) => kind === "voice" || kind === "stage");
    if (!rooms.length) return null;
    const row = (room) => {
      const { join, list } = this.voice.parts(room);
      return el("li", {}, el("div", { class: "voice-row" }, this.#channel(room), join), list);
    };
    return el(
      "section",
      {},
      el("h2", { class: "section-title", text: "Voice channels" }),
      voiceNote ? el("p", { class: "voice-note", data: { testid: "voice-note" }, text: voiceNote }) : null,
      el("ul", {}, rooms.map(row)),
    );
  }

  #section(title, channels) {
    return el(
      "section",
      {},
      el("h2", { class: "section-title", text: title }),
      el(
        "ul",
        {},
        channels.map((channel) => el("li", {}, this.#channel(channel))),
      ),
    );
  }

  #channel(channel) {
    const { store } = this;
    const { count = 0, mentions = 0 } = store.unread.get(channel.id) ?? {};
    const current = channel.id === store.channelId;
    const news = mentions ? `, ${mentions} mention${mentions > 1 ? "s" : ""}` : count ? ", unread" : "";
    const click = () => {
      store.select(channel.id);
      this.setOpen(false);
    };
    return el(
      "button",
      {
        type: "button",
        class: `channel${count || mentions ? " is-unread" : ""}${channel.parent_id ? " is-thread" : ""}`,
        "aria-current": current ? "page" : null,
        "aria-label": `${channel.name}${news}`,
        data: {
          testid: "channel",
          channelId: channel.id,
          channelName: channel.name,
          unread: String(count),
          mentions: String(mentions),
          key: `c${channel.id}`,
        },
        on: { click },
      },
      this.#mark(channel),
      el("span", { class: "channel-label", text: channel.name }),
      mentions
        ? el("span", { class: "mention-count", data: { testid: "mention-count" }, text: String(mentions) })
        : null,
    );
  }

  #mark({ kind }) {
    if (kind === "dm") return this.store.bot ? avatar(this.store.bot, 26) : icon("at");
    return icon({ voice: "volume", stage: "mic" }[kind] ?? "hash");
  }

  #people() {
    const { store } = this;
    const people = store.users.filter((user) => !user.bot);
    return el(
      "section",
      { class: "people", "aria-label": "Who you act as", data: { testid: "people" } },
      el("h2", { class: "section-title", text: "You act as" }),
      el(
        "div",
        { class: "people-list" },
        people.map((user) => {
          const active = user.id === store.viewer.id;
          return el(
            "button",
            {
              type: "button",
              class: "person",
              "aria-pressed": String(active),
              "aria-label": `Act as ${nameOf(user)}`,
              data: { testid: "person", userId: user.id, userName: nameOf(user), key: `p${user.id}` },
              on: { click: () => active || this.onPerson(user.id) },
            },
            avatar(user, 32),
            el("span", { class: "person-name", text: nameOf(user) }),
          );
        }),
      ),
      this.#language(store.viewer.id, `Language of ${nameOf(store.viewer)}`, "v"),
    );
  }

  #language(ofId, label, key) {
    const chosen = this.store.locales[ofId] ?? "en-US";
    return el(
      "label",
      { class: "language" },
      el("span", { class: "visually-hidden", text: label }),
      icon("globe", 16),
      el(
        "select",
        {
          class: "language-select",
          title: label,
          data: { testid: "language", ofId, key: `l${key}` },
          on: { change: ({ target }) => readIn({ ofId, locale: target.value }) },
        },
        LANGUAGES.map(([value, text]) => el("option", { value, text, selected: value === chosen })),
      ),
    );
  }

  #members() {
    const { store } = this;
    const row = (user, { online, note }) =>
      el(
        "li",
        { class: `member${online ? "" : " is-away"}` },
        el(
          "span",
          { class: "member-face" },
          avatar(user, 32),
          el("i", { class: "presence", data: { online: String(online) } }),
        ),
        el(
          "span",
          { class: "member-text" },
          el("span", { class: "member-name" }, nameOf(user), user.bot ? appBadge() : null),
          note ? el("span", { class: "member-note", text: note }) : null,
        ),
      );
    // A conversation with the bot has two in it.
    const two = store.channel?.kind === "dm";
    const people = store.users.filter((user) => !user.bot && (!two || user.id === store.viewer.id));
    const bot = store.bot
      ? [
          el("h2", { class: "section-title", text: "App — 1" }),
          el(
            "ul",
            {},
            row(store.bot, { online: store.botOnline, note: store.botOnline ? "Online" : "Offline" }),
          ),
        ]
      : [];
    return [
      ...bot,
      el("h2", { class: "section-title", text: `People — ${people.length}` }),
      el(
        "ul",
        {},
        people.map((user) => row(user, { online: true, note: user.id === store.viewer.id ? "You" : null })),
      ),
    ];
  }
}
