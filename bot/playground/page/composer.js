// The message box: plain messages with files, and the way into commands.

import { el, icon, iconButton, nameOf } from "./dom.js";
import { ApiError, postMessage } from "./api.js";
import { CommandForm } from "./command-form.js";
import { callableCommands, findCommands, readCommandLine } from "./commands.js";
import { ListPanel } from "./list-panel.js";
import { FileTray } from "./tray.js";

const LONGEST_MESSAGE = 2000;

export class Composer {
  #form = null;
  #aside = null; // {form, line}: a form that was left, and the text it became
  #drafts = new Map();
  #sending = false;

  constructor(root, { store, interactions }) {
    this.store = store;
    this.interactions = interactions;
    this.root = root;
    const panelRoot = el("div", { class: "panel", data: { testid: "panel" } });
    this.panel = new ListPanel(panelRoot);
    this.problem = el("p", {
      class: "composer-problem",
      role: "alert",
      hidden: true,
      data: { testid: "composer-problem" },
    });
    this.tray = new FileTray({
      onPick: (files) => this.takeFiles(files),
      onRemove: () => this.text.focus(),
    });
    this.attach = iconButton("plus", "Attach files", {
      class: "composer-attach",
      data: { testid: "attach" },
      on: { click: () => this.tray.picker.click() },
    });
    this.text = el("textarea", {
      id: "composer-text",
      class: "composer-text",
      rows: "1",
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      autocomplete: "off",
      "aria-label": "Message",
      data: { testid: "composer-text" },
    });
    this.grow = el("div", { class: "grow composer-grow" }, this.text);
    this.count = el("span", { class: "composer-count", data: { testid: "message-counter" }, hidden: true });
    this.leaveButton = iconButton("close", "Leave the command", {
      class: "composer-leave",
      hidden: true,
      data: { testid: "command-leave" },
      on: { click: () => this.leave("") },
    });
    this.sendButton = iconButton("send", "Send", {
      class: "composer-send",
      data: { testid: "send" },
      on: { click: () => this.submit() },
    });
    this.slot = el("div", { class: "composer-slot" }, this.grow);
    this.box = el(
      "div",
      { class: "composer-box" },
      this.attach,
      this.slot,
      this.count,
      this.leaveButton,
      this.sendButton,
    );
    root.append(
      panelRoot,
      this.problem,
      el("div", { class: "composer-frame" }, this.tray.node, this.box),
      this.tray.picker,
    );
    this.#listen();
  }

  #listen() {
    this.text.addEventListener("input", () => this.#typed());
    this.text.addEventListener("focus", () => this.#offerCommands());
    this.text.addEventListener("blur", () => this.#form || this.panel.hide());
    this.text.addEventListener(
      "paste",
      (event) =>
        event.clipboardData.files.length &&
        (event.preventDefault(), this.takeFiles([...event.clipboardData.files])),
    );
    this.text.addEventListener("keydown", (event) => {
      if (this.panel.handleKey(event) || event.isComposing) return;
      if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        this.submit();
      }
    });
    this.root.addEventListener(
      "focusout",
      ({ relatedTarget }) => this.root.contains(relatedTarget) || this.panel.list.hidden || this.panel.hide(),
    );
    this.store.on("commands", () => this.#commandsChanged());
    this.store.on("hello", ({ sameViewer }) => (sameViewer ? this.#commandsChanged() : this.#reset()));
    this.store.on("channel", () => this.#reset());
  }

  get callables() {
    return callableCommands(this.store.commands, this.store.locale);
  }

  focus() {
    if (this.#form) this.#form.focus();
    else this.text.focus();
  }

  /** Files dropped, pasted or picked go to the command's attachment option, else to the message. */
  takeFiles(files) {
    if (this.#form?.takeFiles(files)) return;
    if (this.#form) {
      this.#say("This command takes no file.");
      return;
    }
    this.tray.add(files);
    this.text.focus();
  }

  /** Where dropped files would go, in words. */
  get dropLabel() {
    if (this.#form)
      return this.#form.fileOption
        ? `Drop to attach as ${this.#form.fileOption}`
        : "This command takes no file";
    return `Upload to ${this.text.dataset.place ?? "the channel"}`;
  }

  /** Back to plain text that says what was filled in; the same text again is the same form, files and all. */
  #putAside() {
    const form = this.#form;
    const { line } = form;
    this.leave(line);
    this.panel.hide();
    if (line) this.#aside = { form, line };
  }

  /** Opens the command of this name, as where somebody presses a mention of it. */
  use(name) {
    const called = this.callables.find((callable) => callable.name === name);
    if (called) this.enter(called);
    else this.#say(`There is no command /${name} now.`);
  }

  /** Turns the box into the form of a command; `unknown` is what was typed that fits no option of it. */
  enter(called, values = new Map(), unknown = "") {
    const aside = this.#aside;
    this.#aside = null;
    this.panel.hide();
    this.#say(unknown ? `“${unknown}” fits no option of /${called.name}.` : null);
    if (aside && this.text.value.trim() === aside.line && aside.form.called.key === called.key) {
      this.#show(aside.form);
      return;
    }
    const form = new CommandForm(called, {
      panel: this.panel,
      store: this.store,
      interactions: this.interactions,
      leave: (text) => this.leave(text),
      putAside: () => this.#putAside(),
      submit: () => this.submit(),
    });
    form.fill(values);
    this.#show(form);
  }

  #show(form) {
    this.#form = form;
    this.slot.replaceChildren(form.node);
    this.root.classList.add("is-command");
    this.attach.hidden = true;
    this.leaveButton.hidden = false;
    this.count.hidden = true;
    form.focus();
  }

  /** Back to plain text. */
  leave(text, { focus = true } = {}) {
    this.#form = null;
    this.panel.hide();
    this.panel.setHead([]);
    this.root.classList.remove("is-command");
    this.attach.hidden = false;
    this.leaveButton.hidden = true;
    this.text.value = text;
    this.slot.replaceChildren(this.grow);
    this.#fit();
    if (focus) this.text.focus();
    if (focus && text) this.#offerCommands();
  }

  async submit() {
    if (this.#sending) return;
    this.#say(null);
    if (this.#form) await this.#submitCommand(this.#form);
    else await this.#submitText();
  }

  async #submitCommand(form) {
    const ready = form.collect();
    if (!ready) return;
    this.#sendingForm(form);
    const onAccepted = () => {
      this.#sendingForm(null);
      if (this.#form === form) this.leave("");
    };
    const { payload, files } = ready;
    const outcome = await this.interactions.command(payload, files, form.called.name, { onAccepted });
    if (outcome.status === "refused") this.#sendingForm(null);
    if (outcome.status === "refused" && this.#form === form) form.refuse(outcome.text);
  }

  #sendingForm(form) {
    this.#sending = form !== null;
    this.root.classList.toggle("is-sending", this.#sending);
  }

  async #submitText() {
    const typed = this.text.value.trim();
    const content = withMentions(typed, [...this.store.users, this.store.bot]);
    const line = readCommandLine(this.callables, typed);
    if (line) {
      this.enter(line.called, line.values, line.unknown);
      return;
    }
    const { files } = this.tray;
    if (!content && !files.length) return;
    if (content.length > LONGEST_MESSAGE) {
      this.#say(`Your message is too long: ${content.length} of ${LONGEST_MESSAGE} characters.`);
      return;
    }
    this.#put("", []);
    try {
      await postMessage({ as: this.store.viewer.id, channelId: this.store.channelId, content, files });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!this.text.value && !this.tray.files.length) this.#put(typed, files);
      this.#say(error.message);
    }
  }

  #put(text, files) {
    this.text.value = text;
    this.tray.put(files);
    this.#fit();
  }

  #typed() {
    this.#fit();
    this.#say(null);
    // "/musicgen " or a whole pasted line is a command already.
    const line = /\s/u.test(this.text.value) ? readCommandLine(this.callables, this.text.value) : null;
    if (line) this.enter(line.called, line.values, line.unknown);
    else this.#offerCommands();
  }

  #offerCommands() {
    const match = /^\/([^\n]*)$/u.exec(this.text.value);
    if (!match) {
      this.panel.hide();
      return;
    }
    const items = findCommands(this.callables, match[1]).map((called) => ({
      key: called.name,
      called,
      node: [
        el("span", { class: "panel-icon" }, icon("slash", 18)),
        el("span", { class: "panel-label", text: `/${called.name}` }),
        el("span", { class: "panel-about", text: called.description }),
      ],
    }));
    const empty = this.store.commands.length
      ? "No command like that."
      : "The bot has not brought its commands yet.";
    this.panel.show(this.text, items, ({ called }) => this.enter(called), {
      note: items.length ? null : empty,
    });
  }

  /** A sync may change the command being filled in: keep what was typed only if it is unchanged. */
  #commandsChanged() {
    const form = this.#form;
    if (!form) {
      if (document.activeElement === this.text) this.#offerCommands();
      return;
    }
    const now = this.callables.find(({ key }) => key === form.called.key);
    if (JSON.stringify(now) === JSON.stringify(form.called)) return;
    this.leave("", { focus: false });
    this.#say("The bot changed its commands; choose the command again.");
  }

  #reset() {
    if (this.text.dataset.channelId)
      this.#drafts.set(this.text.dataset.channelId, this.#form ? "" : this.text.value);
    const { channel, viewer } = this.store;
    this.tray.put([]);
    this.#sendingForm(null);
    this.#say(null);
    this.text.dataset.channelId = `${viewer.id}:${channel?.id}`;
    this.text.dataset.place = channel?.kind === "dm" ? `@${channel.name}` : `#${channel?.name}`;
    this.text.placeholder = `Message ${this.text.dataset.place}`;
    this.leave(this.#drafts.get(this.text.dataset.channelId) ?? "", { focus: false });
  }

  #fit() {
    this.grow.dataset.value = this.text.value;
    const left = LONGEST_MESSAGE - this.text.value.length;
    this.count.hidden = left > 200;
    this.count.textContent = String(left);
    this.count.classList.toggle("is-over", left < 0);
  }

  #say(text) {
    this.problem.hidden = !text;
    this.problem.textContent = text ?? "";
  }
}

/** `@Name` of somebody here as the mention that it is sent as. */
function withMentions(text, people) {
  const ids = new Map(
    people.flatMap((user) => [nameOf(user), user.username].map((name) => [name.toLowerCase(), user.id])),
  );
  const names = [...ids.keys()]
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&"));
  const named = new RegExp(`(?<![\\p{L}\\p{N}_])@(${names.join("|")})(?![\\p{L}\\p{N}_])`, "giu");
  return text.replace(named, (_, name) => `<@${ids.get(name.toLowerCase())}>`);
}
