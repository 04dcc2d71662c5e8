// The fields a modal may hold. Each gives {node, focusable, read(), check(required), files?()}.

import { el, fileSize, icon, iconButton, uniqueId } from "./dom.js";
import { optionsOf, selectMenu } from "./select.js";

const REQUIRED = "This field is required.";

function textInput(component) {
  const long = component.style === 2;
  const most = component.max_length ?? 4000;
  const least = component.min_length ?? 0;
  const props = {
    class: "field-input",
    placeholder: component.placeholder,
    maxlength: most,
    value: component.value ?? "",
    data: { testid: "field-input", customId: component.custom_id },
  };
  const input = long
    ? el("textarea", { rows: "4", ...props })
    : el("input", { type: "text", autocomplete: "off", ...props });
  const count = el("span", { class: "field-count", "aria-hidden": "true" });
  const showCount = () => (count.textContent = `${input.value.length}/${most}`);
  input.addEventListener("input", showCount);
  showCount();
  return {
    node: el("div", { class: "field-box" }, input, count),
    focusable: input,
    read: () => ({ value: input.value }),
    check(required) {
      if (!input.value.trim()) return required ? REQUIRED : null;
      if (input.value.length < least) return `Must be ${least} or more in length.`;
      return input.value.length > most ? `Must be ${most} or fewer in length.` : null;
    },
  };
}

/** How many of a set may be chosen, as a sentence when it is wrong. */
function amount(chosen, { least, most, required }) {
  if (chosen === 0) return required ? REQUIRED : null;
  if (chosen < least) return `Choose at least ${least}.`;
  return chosen > most ? `Choose at most ${most}.` : null;
}

function select(component, store) {
  const menu = selectMenu(component, { store });
  const limits = { least: component.min_values ?? 1, most: component.max_values ?? 1 };
  return {
    node: menu.node,
    focusable: menu.node,
    read: () => ({ values: menu.values() }),
    check: (required) => amount(menu.values().length, { ...limits, required: required && limits.least > 0 }),
  };
}

function choiceGroup(component, store) {
  const many = component.type === 22;
  const name = uniqueId("group");
  const boxes = optionsOf(component, store).map((option) => {
    const input = el("input", {
      type: many ? "checkbox" : "radio",
      name,
      value: option.value,
      checked: option.default,
      data: { testid: "field-choice" },
    });
    const text = el(
      "span",
      {},
      el("span", { class: "listbox-label", text: option.label }),
      option.description ? el("span", { class: "listbox-description", text: option.description }) : null,
    );
    return { input, node: el("label", { class: "field-choice" }, input, text) };
  });
  const group = el(
    "div",
    { class: "field-group", role: many ? "group" : "radiogroup", tabindex: "-1" },
    boxes.map(({ node }) => node),
  );
  const values = () => boxes.filter(({ input }) => input.checked).map(({ input }) => input.value);
  const limits = {
    least: component.min_values ?? 1,
    most: many ? (component.max_values ?? boxes.length) : 1,
  };
  return {
    node: group,
    focusable: group,
    read: () => (many ? { values: values() } : { value: values()[0] ?? null }),
    check: (required) => amount(values().length, { ...limits, required }),
  };
}

function checkbox(component) {
  const input = el("input", {
    type: "checkbox",
    checked: component.default,
    data: { testid: "field-choice", customId: component.custom_id },
  });
  return {
    node: el("label", { class: "field-choice" }, input, el("span", { text: "Yes" })),
    focusable: input,
    read: () => ({ value: input.checked }),
    check: () => null,
  };
}

function fileUpload(component) {
  const limits = { least: component.min_values ?? 1, most: component.max_values ?? 1 };
  let files = [];
  const input = el("input", {
    type: "file",
    class: "visually-hidden",
    tabindex: "-1",
    "aria-hidden": "true",
    multiple: limits.most > 1,
    data: { testid: "field-file", customId: component.custom_id },
  });
  const list = el("ul", { class: "field-files" });
  const choose = el(
    "button",
    { type: "button", class: "field-drop" },
    icon("upload", 20),
    el("span", { text: "Choose a file, or drop it here" }),
  );
  const show = () => {
    list.replaceChildren(
      ...files.map((file) =>
        el(
          "li",
          {},
          icon("file", 18),
          `${file.name} · ${fileSize(file.size)}`,
          iconButton("close", `Remove ${file.name}`, {
            on: { click: () => ((files = files.filter((other) => other !== file)), show()) },
          }),
        ),
      ),
    );
  };
  const add = (added) => {
    files = [...files, ...added].slice(-limits.most);
    show();
  };
  choose.addEventListener("click", () => input.click());
  input.addEventListener("change", () => (add([...input.files]), (input.value = "")));
  choose.addEventListener("dragover", (event) => event.preventDefault());
  choose.addEventListener(
    "drop",
    (event) => (event.preventDefault(), event.stopPropagation(), add([...event.dataTransfer.files])),
  );
  const field = `file:${component.custom_id}`;
  return {
    node: el("div", {}, choose, input, list),
    focusable: choose,
    read: () => ({ values: files.map(() => field) }),
    check: (required) => amount(files.length, { ...limits, required }),
    files: () => files.map((file) => [field, file]),
  };
}

/** The field for a component inside a Label or a legacy row. */
export function fieldFor(component, store) {
  switch (component.type) {
    case 4:
      return textInput(component);
    case 19:
      return fileUpload(component);
    case 21:
    case 22:
      return choiceGroup(component, store);
    case 23:
      return checkbox(component);
    default:
      return select(component, store);
  }
}
