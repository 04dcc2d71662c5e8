// The "+N more" place at the end of a command: finds an option by name and adds it.

import { el } from "./dom.js";

/**
 * Gives {input, show()}. `remaining()` lists options not added yet, `onOpen()` runs when the list opens,
 * `onPick(option)` when one is chosen.
 */
export function optionAdder({ panel, remaining, onOpen, onPick }) {
  const input = el("input", {
    type: "text",
    class: "adder",
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-label": "Add an option",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    data: { testid: "option-add" },
  });
  const offer = () => {
    onOpen();
    const typed = input.value.trim().toLowerCase();
    const pick = ({ option }) => {
      input.value = "";
      onPick(option);
    };
    const named = remaining().find(({ name }) => typed === `${name}:`);
    if (named) {
      panel.hide();
      pick({ option: named });
      return;
    }
    const items = found(remaining(), typed).map((option) => ({
      key: option.name,
      option,
      node: [
        el("span", { class: "panel-label", text: option.name }),
        el("span", { class: "panel-about", text: option.description }),
      ],
    }));
    const note = items.length ? null : "No option like that.";
    panel.show(input, items, pick, { active: typed ? 0 : -1, note });
  };
  input.addEventListener("focus", () => (remaining().length ? offer() : onOpen()));
  input.addEventListener("input", offer);
  input.addEventListener("click", () => panel.isOpen || !remaining().length || offer());
  const show = () => {
    const count = remaining().length;
    input.placeholder = count ? `+${count} more` : "";
    input.classList.toggle("is-spent", count === 0);
    input.readOnly = count === 0;
  };
  return { input, show };
}

/** Options whose name holds what is typed, or whose description does, from three letters on. */
function found(options, typed) {
  const matches = ({ name, description }) =>
    name.includes(typed) || (typed.length > 2 && description.toLowerCase().includes(typed));
  const first = ({ name }) => Number(name.startsWith(typed));
  return options.filter(matches).sort((a, b) => first(b) - first(a));
}
