// A chosen command: its options as pills, the ones still to add, checks, and the payload it becomes.

import { el, iconButton } from "./dom.js";
import { OPTION, limitsText, nestOptions } from "./commands.js";
import { editorFor } from "./editors.js";
import { optionAdder } from "./option-adder.js";
import { ApiError, interact } from "./api.js";

const MISSING = "This option is required. Specify a value.";

export class CommandForm {
  #pills = new Map(); // option name -> {option, editor, node, error}
  #current = null;

  /** `host`: {panel, store, interactions, leave(text), submit()}. */
  constructor(called, host) {
    this.called = called;
    this.host = host;
    this.pills = el("div", { class: "pills" });
    this.adder = optionAdder({
      panel: host.panel,
      remaining: () => called.options.filter(({ name }) => !this.#pills.has(name)),
      onOpen: () => {
        this.#current = null;
        this.#showHead();
      },
      onPick: ({ name }) => this.add(name).editor.focus(),
    });
    this.node = el(
      "div",
      {
        class: "command",
        role: "group",
        "aria-label": `Command ${called.name}`,
        data: { testid: "command-form", commandName: called.name },
      },
      el("span", { class: "command-name", text: `/${called.name}` }),
      this.pills,
      this.adder.input,
    );
    this.node.addEventListener("keydown", (event) => this.#key(event));
    this.node.addEventListener("input", ({ target }) => {
      this.#changed();
      this.#typedName(target);
    });
    for (const option of called.options) if (option.required) this.add(option.name);
    this.adder.show();
    this.#showHead();
  }

  /** Fills options from typed text; unknown names are ignored. */
  fill(values) {
    for (const [name, text] of values) this.add(name)?.editor.set(text);
  }

  /** What has been filled in as one line, as it could be typed; empty where nothing has. */
  get line() {
    const filled = [...this.#pills.values()].filter(({ editor }) => !editor.read().empty);
    if (!filled.length) return "";
    const typed = filled.filter(({ option }) => option.type !== OPTION.ATTACHMENT);
    return [`/${this.called.name}`, ...typed.map(({ option, editor }) => `${option.name}: ${editor.input.value.trim()}`)].join(" ");
  }

  focus() {
    const wanting =
      [...this.#pills.values()].find(({ editor }) => editor.read().empty) ?? [...this.#pills.values()][0];
    if (wanting) wanting.editor.focus();
    else this.adder.input.focus();
  }

  /** Adds an option's pill if it is not there; gives it. */
  add(name) {
    const option = this.called.options.find((candidate) => candidate.name === name);
    if (!option) return null;
    const existing = this.#pills.get(name);
    if (existing) return existing;
    const tools = {
      ...this.host,
      next: () => this.#next(name),
      changed: () => this.#changed(),
      suggest: (asked, text) => this.#suggest(asked, text),
    };
    const editor = editorFor(option, tools);
    const drop = option.required
      ? null
      : iconButton("close", `Remove ${name}`, {
          class: "pill-remove",
          tabindex: "-1",
          on: { click: () => this.remove(name) },
        });
    const node = el(
      "span",
      { class: "pill", data: { testid: "option", option: name } },
      el("span", { class: "pill-name", text: name }),
      editor.node,
      drop,
    );
    node.addEventListener(
      "click",
      (event) => event.target.closest("button, input, textarea") || editor.focus(),
    );
    node.addEventListener("focusin", () => {
      this.#current = name;
      if (!editor.input.matches("[role=combobox]")) this.host.panel.hide();
      this.#showHead();
    });
    const pill = { option, editor, node, error: null };
    this.#pills.set(name, pill);
    this.pills.append(node);
    this.adder.show();
    return pill;
  }

  remove(name) {
    const pill = this.#pills.get(name);
    this.#pills.delete(name);
    pill.node.remove();
    this.#current = null;
    this.adder.show();
    const last = [...this.#pills.values()].at(-1);
    if (last) last.editor.focus();
    else this.adder.input.focus();
    this.#showHead();
  }

  /** Puts dropped files into attachment options: empty ones first, then ones not added yet. True if taken. */
  takeFiles(files) {
    const taking = this.called.options.filter(({ type }) => type === OPTION.ATTACHMENT);
    const free = taking.filter(({ name }) => this.#pills.get(name)?.editor.read().empty ?? true);
    const current = taking.find(({ name }) => name === this.#current);
    const order = free.length ? free : [current ?? taking[0]].filter(Boolean);
    order.slice(0, files.length).forEach(({ name }, index) => {
      const { editor } = this.add(name);
      editor.put(files[index]);
      editor.focus();
    });
    return order.length > 0;
  }

  /** The name of the option a dropped file would go to, or null. */
  get fileOption() {
    return this.called.options.find(({ type }) => type === OPTION.ATTACHMENT)?.name ?? null;
  }

  /** Checks everything. Gives {payload, files}, or null after showing what is wrong. */
  collect() {
    const options = [];
    const files = [];
    let wrong = null;
    for (const pill of this.#pills.values()) {
      const { option, editor, node } = pill;
      const { empty, value, file, error } = editor.read();
      pill.error = error ?? (empty && option.required ? MISSING : null);
      node.classList.toggle("is-wrong", Boolean(pill.error));
      editor.input.setAttribute("aria-invalid", String(Boolean(pill.error)));
      if (pill.error) wrong ??= pill;
      else if (!empty) options.push({ name: option.name, type: option.type, value });
      if (file) files.push([value, file]);
    }
    if (wrong) {
      wrong.editor.focus();
      this.#showHead();
      return null;
    }
    const { commandId, path } = this.called;
    return {
      payload: { kind: "command", command_id: commandId, options: nestOptions(path, options) },
      files,
    };
  }

  /** Shows why the playground refused the command. */
  refuse(text) {
    this.#showHead(text);
  }

  async #suggest(option, text) {
    const options = [];
    for (const pill of this.#pills.values()) {
      const { empty, value, error, file } = pill.editor.read();
      if (pill.option.name === option.name)
        options.push({ name: option.name, type: option.type, value: text, focused: true });
      else if (!empty && !error && !file)
        options.push({ name: pill.option.name, type: pill.option.type, value });
    }
    const { commandId, path } = this.called;
    const { store } = this.host;
    const payload = {
      as: store.viewer.id,
      channel_id: store.channelId,
      kind: "autocomplete",
      command_id: commandId,
      options: nestOptions(path, options),
    };
    try {
      return (await interact(payload)).choices;
    } catch (error) {
      if (error instanceof ApiError) return null; // suggestions are a help; their absence is no failure
      throw error;
    }
  }

  /** "duration:" typed in a text goes to that option, as in Discord. */
  #typedName(target) {
    if (!target.matches("textarea")) return;
    const match = /(?:^|\s)(\S+):\s$/u.exec(target.value);
    if (!match || !this.called.options.some(({ name }) => name === match[1])) return;
    const pill = [...this.#pills.values()].find(({ node }) => node.contains(target));
    pill.editor.set(target.value.slice(0, match.index));
    this.add(match[1]).editor.focus();
  }

  #next(name) {
    const names = [...this.#pills.keys()];
    const following = names
      .slice(names.indexOf(name) + 1)
      .find((other) => this.#pills.get(other).editor.read().empty);
    if (following) this.#pills.get(following).editor.focus();
    else this.adder.input.focus();
  }

  #changed() {
    const pill = this.#pills.get(this.#current);
    if (pill?.error) {
      pill.error = null;
      pill.node.classList.remove("is-wrong");
      pill.editor.input.removeAttribute("aria-invalid");
    }
    this.#showHead();
  }

  #key(event) {
    if (this.host.panel.handleKey(event) || event.isComposing) return;
    const { key, target } = event;
    if (key === "Enter" && !event.shiftKey && !target.closest("button")) {
      event.preventDefault();
      this.host.submit();
    } else if (key === "Escape") {
      event.preventDefault();
      this.host.putAside();
    } else if (key === " " && target.type === "number") {
      event.preventDefault(); // a number has no spaces: the next word names another option
      if (target.value) this.adder.input.focus();
    } else if (key === "Backspace" && (target.value ?? "") === "" && !target.validity?.badInput) {
      event.preventDefault();
      this.#back(target);
    }
  }

  /** Backspace in an empty place removes the option, or steps back, or leaves the command. */
  #back(target) {
    const pill = [...this.#pills.values()].find(({ node }) => node.contains(target));
    const names = [...this.#pills.keys()];
    const before = this.#pills.get(names[(pill ? names.indexOf(pill.option.name) : names.length) - 1]);
    if (pill && !pill.option.required && pill.editor.read().empty) this.remove(pill.option.name);
    else if (before) before.editor.focus();
    else this.host.leave(`/${this.called.name}`);
  }

  /** The line above: the option in hand with its limits, count and problem; else the command itself. */
  #showHead(refusal = null) {
    const pill = this.#pills.get(this.#current);
    const { description } = pill ? pill.option : this.called;
    const problem = refusal ?? pill?.error;
    const limits = pill ? limitsText(pill.option) : "Enter sends it";
    const counter = pill?.editor.counter?.();
    const full = counter && Number(counter.split("/")[0]) > Number(counter.split("/")[1]);
    this.host.panel.setHead(
      [
        el("span", { class: "head-name", text: pill ? pill.option.name : `/${this.called.name}` }),
        el("span", { class: "head-about", text: description }),
        limits ? el("span", { class: "head-limits", text: limits }) : null,
        counter
          ? el("span", {
              class: `head-count${full ? " is-over" : ""}`,
              data: { testid: "counter" },
              text: counter,
            })
          : null,
        problem
          ? el("span", {
              class: "head-error",
              role: "alert",
              data: { testid: "option-error" },
              text: problem,
            })
          : null,
      ].filter(Boolean),
    );
  }
}
