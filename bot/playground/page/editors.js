// One editor per option type inside the command form.
// Each gives {node, input, focus(), set(text), read()}; read() is {empty}, {value, file?} or {error}.

import { el, fileSize, icon, nameOf } from "./dom.js";
import { OPTION } from "./commands.js";

const AUTOCOMPLETE_WAIT_MS = 220;

function field(option, { kind = "text", mode = "text", expands = false } = {}) {
  const props = {
    class: "option-input",
    [kind === "long" ? "cols" : "size"]: "1",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    "aria-label": option.name,
    data: { testid: "option-input" },
  };
  const combo = expands ? { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false" } : {};
  const input =
    kind === "long"
      ? el("textarea", { rows: "1", ...props, ...combo })
      : el("input", { type: kind, inputmode: mode, ...props, ...combo });
  const grow = el("span", { class: "grow" }, input);
  const fit = () => (grow.dataset.value = input.value || input.placeholder || "");
  input.addEventListener("input", fit);
  fit();
  return { input, grow, fit };
}

/** The sentence for a text of the wrong length, or null. */
function lengthProblem(text, option) {
  const most = option.max_length ?? 6000;
  if (text.length > most) return `Must be ${most} or fewer in length.`;
  return text.length < (option.min_length ?? 0) ? `Must be ${option.min_length} or more in length.` : null;
}

function numberProblem(value, option) {
  if (!Number.isFinite(value))
    return option.type === OPTION.INTEGER ? "Input a valid integer." : "Input a valid number.";
  if (option.type === OPTION.INTEGER && !Number.isSafeInteger(value)) return "Input a valid integer.";
  if (value < (option.min_value ?? -Infinity)) return `Must be greater than or equal to ${option.min_value}.`;
  return value > (option.max_value ?? Infinity) ? `Must be less than or equal to ${option.max_value}.` : null;
}

function readTyped(text, option) {
  if (option.type !== OPTION.INTEGER && option.type !== OPTION.NUMBER) {
    const error = lengthProblem(text, option);
    return error ? { error } : { value: text };
  }
  const value = Number(text);
  const error = numberProblem(value, option);
  return error ? { error } : { value };
}

function textEditor(option) {
  const { input, grow, fit } = field(option, { kind: "long" });
  return {
    node: grow,
    input,
    focus: () => input.focus(),
    set: (text) => ((input.value = text), fit()),
    read: () => (input.value.trim() ? readTyped(input.value.trim(), option) : { empty: true }),
    counter: () => (option.max_length ? `${input.value.length}/${option.max_length}` : null),
  };
}

function numberEditor(option) {
  const whole = option.type === OPTION.INTEGER;
  const { input, grow, fit } = field(option, { kind: "number", mode: whole ? "numeric" : "decimal" });
  input.step = whole ? "1" : "any";
  if (option.min_value !== undefined) input.min = option.min_value;
  if (option.max_value !== undefined) input.max = option.max_value;
  let refused = ""; // what was set that a field for numbers does not show
  input.addEventListener("input", () => (refused = ""));
  return {
    node: grow,
    input,
    focus: () => input.focus(),
    set(text) {
      input.value = text;
      refused = input.value === "" ? text : "";
      fit();
    },
    read() {
      if (refused) return { error: `${readTyped("not a number", option).error} “${refused}” is none.` };
      if (input.validity.badInput) return readTyped("not a number", option);
      return input.value === "" ? { empty: true } : readTyped(input.value, option);
    },
  };
}

function row(name, note) {
  return [
    el("span", { class: "panel-label", text: name }),
    note ? el("span", { class: "panel-about", text: note }) : null,
  ].filter(Boolean);
}

/** A closed list: choices, booleans, people, channels. Typing filters it. */
function choiceEditor(option, choices, { panel, next }) {
  const { input, grow, fit } = field(option, { expands: true });
  let chosen = null;
  const exact = () =>
    choices.find(({ name }) => name.toLowerCase() === input.value.trim().toLowerCase()) ?? null;
  const offer = ({ typing = false } = {}) => {
    const settled = chosen && !typing;
    const typed = settled ? "" : input.value.trim().toLowerCase();
    const items = choices
      .filter(({ name }) => name.toLowerCase().includes(typed))
      .map((choice) => ({ key: String(choice.value), choice, node: row(choice.name, choice.about) }));
    const pick = ({ choice }) => {
      chosen = choice;
      input.value = choice.name;
      fit();
      next();
    };
    panel.show(input, items, pick, {
      active: settled ? -1 : 0,
      note: items.length ? null : "No choice like that.",
    });
  };
  input.addEventListener("input", () => {
    chosen = exact();
    offer({ typing: true });
  });
  input.addEventListener("focus", () => offer());
  input.addEventListener("click", () => panel.isOpen || offer());
  return {
    node: grow,
    input,
    focus: () => input.focus(),
    set(text) {
      const wanted = text.trim().toLowerCase();
      chosen =
        choices.find(
          ({ name, value }) => name.toLowerCase() === wanted || String(value).toLowerCase() === wanted,
        ) ?? null;
      input.value = chosen?.name ?? text;
      fit();
    },
    read() {
      if (!input.value.trim()) return { empty: true };
      return chosen ? { value: chosen.value } : { error: "Input a valid choice." };
    },
  };
}

/** Suggestions from the application while typing; what is typed may also be sent as it is. */
function autocompleteEditor(option, { panel, next, suggest }) {
  const { input, grow, fit } = field(option, {
    kind: option.type === OPTION.STRING ? "long" : "text",
    expands: true,
  });
  let chosen = null;
  let timer = 0;
  let asked = 0;
  const ask = async () => {
    asked += 1;
    const turn = asked;
    const choices = await suggest(option, input.value);
    if (turn !== asked || document.activeElement !== input || !choices) return;
    const items = choices.map((choice) => ({ key: String(choice.value), choice, node: row(choice.name) }));
    const pick = ({ choice }) => {
      chosen = choice;
      input.value = choice.name;
      fit();
      next();
    };
    panel.show(input, items, pick, { active: -1 });
  };
  const later = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(ask, wait);
  };
  input.addEventListener("input", () => {
    chosen = null;
    later(AUTOCOMPLETE_WAIT_MS);
  });
  input.addEventListener("focus", () => chosen || later(0));
  input.addEventListener("blur", () => {
    clearTimeout(timer);
    asked += 1;
  });
  return {
    node: grow,
    input,
    focus: () => input.focus(),
    set: (text) => ((chosen = null), (input.value = text), fit()),
    read() {
      if (chosen) return { value: chosen.value };
      return input.value.trim() ? readTyped(input.value.trim(), option) : { empty: true };
    },
    counter: () => (option.max_length ? `${input.value.length}/${option.max_length}` : null),
  };
}

function attachmentEditor(option, { changed }) {
  let file = null;
  const input = el("input", {
    type: "file",
    class: "visually-hidden",
    tabindex: "-1",
    "aria-hidden": "true",
    data: { testid: "option-file" },
  });
  const choose = el("button", {
    type: "button",
    class: "option-file",
    "aria-label": `${option.name}: choose a file`,
    data: { testid: "option-input" },
    on: { click: () => input.click() },
  });
  const put = (next) => {
    file = next;
    choose.replaceChildren(
      icon(file ? "music" : "upload", 16),
      el("span", { text: file ? `${file.name} · ${fileSize(file.size)}` : "Choose or drop a file" }),
    );
    choose.classList.toggle("has-file", Boolean(file));
    if (changed) changed();
  };
  input.addEventListener("change", () => {
    if (input.files[0]) put(input.files[0]);
    input.value = "";
    choose.focus();
  });
  put(null);
  return {
    node: el("span", { class: "option-file-box" }, choose, input),
    input: choose,
    focus: () => choose.focus(),
    set() {},
    put,
    read: () => (file ? { value: `file:${option.name}`, file } : { empty: true }),
  };
}

/** The editor for an option. `tools`: {panel, next(), changed(), suggest(option, text), store}. */
export function editorFor(option, tools) {
  const { store } = tools;
  if (option.choices?.length) return choiceEditor(option, option.choices, tools);
  if (option.autocomplete) return autocompleteEditor(option, tools);
  const people = () =>
    store.users.map((user) => ({ name: nameOf(user), value: user.id, about: user.username }));
  switch (option.type) {
    case OPTION.INTEGER:
    case OPTION.NUMBER:
      return numberEditor(option);
    case OPTION.BOOLEAN:
      return choiceEditor(
        option,
        [
          { name: "True", value: true },
          { name: "False", value: false },
        ],
        tools,
      );
    case OPTION.USER:
    case OPTION.MENTIONABLE:
      return choiceEditor(option, people(), tools);
    case OPTION.CHANNEL:
      return choiceEditor(
        option,
        store.channelsOf(option.channel_types).map(({ id, name }) => ({ name, value: id })),
        tools,
      );
    case OPTION.ATTACHMENT:
      return attachmentEditor(option, tools);
    default:
      return textEditor(option);
  }
}
