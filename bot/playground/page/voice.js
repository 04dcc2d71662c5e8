// Voice channels: who is in them, coming and going, and what is heard there.

import { ApiError, actInVoice, voiceStream } from "./api.js";
import { toast } from "./dialog.js";
import { appBadge, avatar, el, icon, iconButton, nameOf } from "./dom.js";
import { LiveSound } from "./live-sound.js";
import { openMenu } from "./menu.js";

const FIRST_VOLUME = 0.7;

export class Voice {
  #source = null; // the stream's address: whose ears, and where
  #audio = el("audio", { data: { testid: "voice-audio" } });
  #sound = new LiveSound(this.#audio, () => (this.start.hidden = false));

  /** `bar` shows where the viewer is, and lets them leave. */
  constructor(bar, store) {
    this.bar = bar;
    this.store = store;
    this.#build();
    for (const type of ["hello", "voice", "channels"]) store.on(type, () => this.#follow());
  }

  #build() {
    this.#audio.volume = FIRST_VOLUME;
    this.place = el("span", { class: "voice-place", role: "status", data: { testid: "voice-place" } });
    this.start = el("button", {
      type: "button",
      class: "button button-success",
      text: "Listen",
      hidden: true,
      data: { testid: "voice-listen" },
      on: { click: () => this.#listen() },
    });
    this.mute = iconButton("volume", "Mute voice", {
      "aria-pressed": "false",
      data: { testid: "voice-mute" },
      on: { click: () => this.#toggleMute() },
    });
    const volume = el("input", {
      type: "range",
      class: "voice-volume",
      min: "0",
      max: "1",
      step: "0.05",
      value: String(FIRST_VOLUME),
      "aria-label": "Volume of voice",
      data: { testid: "voice-volume" },
      on: { input: () => (this.#audio.volume = Number(volume.value)) },
    });
    const leave = el(
      "button",
      {
        type: "button",
        class: "button button-danger",
        data: { testid: "voice-leave" },
        on: { click: () => this.act({ kind: "leave" }) },
      },
      icon("leave", 16),
      "Leave",
    );
    this.bar.append(icon("mic", 18), this.place, this.start, this.mute, volume, leave, this.#audio);
  }

  /** Does something as the viewer; what is refused is said. */
  async act(deed) {
    try {
      await actInVoice({ as: this.store.viewer.id, ...deed });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast(error.message);
    }
  }

  #follow() {
    const { voiceChannel: channel, viewer, voiceNote } = this.store;
    this.bar.hidden = !channel;
    if (channel) {
      const others = this.store.inVoice(channel.id).filter(({ user }) => user.id !== viewer.id);
      const names = others.map(({ user }) => nameOf(user)).join(", ");
      const words = names ? `In ${channel.name} with ${names}` : `In ${channel.name}, alone`;
      if (this.place.textContent !== words) this.place.textContent = words;
    }
    const source = channel && !voiceNote ? voiceStream({ as: viewer.id, channelId: channel.id }) : null;
    if (source === this.#source) return;
    this.#source = source;
    this.#listen();
  }

  #listen() {
    this.start.hidden = true;
    if (this.#source) this.#sound.play(this.#source);
    else this.#sound.stop();
  }

  #toggleMute() {
    const muted = !this.#audio.muted;
    this.#audio.muted = muted;
    this.mute.replaceChildren(icon(muted ? "muted" : "volume"));
    this.mute.setAttribute("aria-pressed", String(muted));
  }

  /** A voice channel's parts in the sidebar: a way in or out, and the list of who is in it. */
  parts(channel) {
    const here = this.store.voiceChannel?.id === channel.id;
    const inside = this.store.inVoice(channel.id);
    const deed = here ? { kind: "leave" } : { kind: "join", channelId: channel.id };
    const join = el("button", {
      type: "button",
      class: "voice-join",
      text: here ? "Leave" : "Join",
      "aria-label": here ? `Leave voice in ${channel.name}` : `Join voice in ${channel.name}`,
      data: { testid: "voice-join", channelName: channel.name, key: `v${channel.id}` },
      on: { click: () => this.act(deed) },
    });
    const members = inside.map((state) => el("li", {}, this.#member(state, channel)));
    const list = members.length
      ? el("ul", { class: "voice-list", "aria-label": `In voice in ${channel.name}` }, members)
      : null;
    return { join, list };
  }

  #member(state, channel) {
    const { user, speaking, muted, suppressed, asks } = state;
    const label = [
      nameOf(user),
      speaking && "speaking",
      muted && "muted",
      suppressed && "listens only",
      asks && "asks to speak",
    ]
      .filter(Boolean)
      .join(", ");
    const shown = el(
      "span",
      { class: "voice-shown", "aria-hidden": "true" },
      el("span", { class: `voice-face${speaking ? " is-speaking" : ""}` }, avatar(user, 24)),
      el("span", { class: "voice-name", text: nameOf(user) }),
      user.bot ? appBadge() : null,
      muted ? icon("muted", 16) : null,
      asks ? icon("hand", 16) : null,
    );
    const data = {
      testid: "voice-member",
      userName: nameOf(user),
      speaking: String(speaking),
      muted: String(muted),
      suppressed: String(suppressed),
      key: `m${user.id}`,
    };
    const choices = this.#choices(state, channel);
    const name = el("span", { class: "visually-hidden", text: label });
    if (!choices.length) return el("div", { class: "voice-member", data }, name, shown);
    const open = ({ currentTarget }) => openMenu(currentTarget, nameOf(user), choices);
    const menu = { type: "button", "aria-haspopup": "menu", on: { click: open } };
    return el("button", { class: "voice-member", data, ...menu }, name, shown);
  }

  /** What the viewer may do to somebody in voice. */
  #choices({ user, muted, suppressed }, channel) {
    const choice = (label, deed, testid) => ({
      label,
      run: () => this.act({ userId: user.id, ...deed }),
      testid,
    });
    const choices = [];
    if (channel.can.mute_members) {
      const [label, kind] = muted ? ["End server mute", "unmute"] : ["Server mute", "mute"];
      choices.push(choice(label, { kind }, "voice-server-mute"));
    }
    if (channel.can.mute_members && channel.kind === "stage") {
      const [label, kind] = suppressed ? ["Let speak", "speak"] : ["Move to the audience", "listen"];
      choices.push(choice(label, { kind }, "voice-let-speak"));
    }
    if (channel.can.move_members) {
      for (const { id, name, kind } of this.store.channels)
        if (["voice", "stage"].includes(kind) && id !== channel.id)
          choices.push(choice(`Move to ${name}`, { kind: "move", channelId: id }, "voice-move"));
      choices.push(choice("Disconnect", { kind: "disconnect" }, "voice-disconnect"));
    }
    return choices;
  }
}
