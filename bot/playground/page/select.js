// A select menu as in messages and modals: one or many values, with descriptions and emoji.

import { el, icon, nameOf, uniqueId } from "./dom.js";
import { closePopup, openPopup, roveFocus } from "./popup.js";

/** A component's emoji as text; custom ones show their name. */
export function emojiText(emoji) {
  if (!emoji) return "";
  return emoji.id ? `:${emoji.name}:` : (emoji.name ?? "");
}

/** The options of any select component: its own, or people and channels. */
export function optionsOf(component, store) {
  const people = () =>
    [...store.users, ...(store.bot ? [store.bot] : [])].map((user) => ({
      label: nameOf(user),
      value: user.id,
      description: user.username,
    }));
  if (component.type === 5 || component.type === 7) return people();
  if (component.type === 8)
    return store
      .channelsOf(component.channel_types)
      .map((channel) => ({ label: `#${channel.name}`, value: channel.id }));
  return component.options ?? [];
}

/**
 * A select for `component`. `onDone(values)` is called when a choice is made: at once for a single value, on
 * closing for many. Gives {node, values(), setBusy()}.
 */
export function selectMenu(component, { store, onDone = () => {}, initial = null, label = null }) {
  const options = optionsOf(component, store);
  const most = component.max_values ?? 1;
  const least = component.min_values ?? 1;
  const defaults = (component.default_values ?? []).map(({ id }) => id);
  const preset = (option) =>
    initial ? initial.includes(option.value) : option.default || defaults.includes(option.value);
  let chosen = options.filter(preset).map(({ value }) => value);
  const caption = el("span", { class: "select-caption" });
  const trigger = el(
    "button",
    {
      type: "button",
      class: "select",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      disabled: component.disabled,
      data: { testid: "select", customId: component.custom_id },
    },
    caption,
    icon("chevron", 18),
  );
  const showCaption = () => {
    const labels = chosen
      .map((value) => options.find((option) => option.value === value))
      .filter(Boolean)
      .map((option) => [emojiText(option.emoji), option.label].filter(Boolean).join(" "));
    caption.textContent = labels.length ? labels.join(", ") : (component.placeholder ?? "Make a selection");
    caption.classList.toggle("is-placeholder", labels.length === 0);
    trigger.setAttribute(
      "aria-label",
      `${label ?? component.placeholder ?? "Make a selection"}${labels.length ? `: ${labels.join(", ")}` : ""}`,
    );
  };
  const open = () => {
    const before = chosen;
    let picked = false;
    const list = el("div", {
      class: "listbox",
      role: "listbox",
      "aria-multiselectable": most > 1 ? "true" : null,
      id: uniqueId("listbox"),
      data: { testid: "select-list" },
    });
    const note = most > 1 ? el("p", { class: "listbox-note" }) : null;
    const refresh = () => {
      for (const item of list.querySelectorAll("[role=option]")) {
        const on = chosen.includes(item.dataset.value);
        item.setAttribute("aria-selected", String(on));
        item.disabled = !on && most > 1 && chosen.length >= most;
      }
      if (note)
        note.textContent = `Choose ${least === most ? most : `${least} to ${most}`} · ${chosen.length} chosen`;
    };
    const pick = (value) => {
      picked = true;
      if (most > 1) {
        chosen = chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value];
      } else {
        chosen = chosen.includes(value) && least === 0 ? [] : [value];
      }
      showCaption();
      refresh();
      if (most === 1) closePopup();
    };
    list.append(...options.map((option) => optionNode(option, () => pick(option.value))));
    const popup = el("div", { class: "select-popup" }, list, note);
    refresh();
    trigger.setAttribute("aria-expanded", "true");
    roveFocus(list, "[role=option]");
    openPopup(trigger, popup, {
      matchWidth: true,
      onClose: () => {
        trigger.setAttribute("aria-expanded", "false");
        const enough = chosen.length >= least && chosen.length <= most;
        if (!enough && most > 1 && before.length >= least) chosen = before;
        showCaption();
        // Choosing the same single value again is an answer too; closing without a choice is not.
        if (picked && enough && (most === 1 || String(chosen) !== String(before))) onDone(chosen);
      },
    });
    (list.querySelector('[aria-selected="true"]') ?? list.querySelector("[role=option]"))?.focus();
  };
  trigger.addEventListener("click", () =>
    trigger.getAttribute("aria-expanded") === "true" ? closePopup() : open(),
  );
  trigger.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    open();
  });
  showCaption();
  return {
    node: trigger,
    values: () => chosen,
    setBusy(busy) {
      trigger.classList.toggle("is-busy", busy);
      trigger.setAttribute("aria-busy", String(busy));
    },
  };
}

function optionNode(option, onPick) {
  return el(
    "button",
    {
      type: "button",
      class: "listbox-option",
      role: "option",
      "aria-selected": "false",
      tabindex: "-1",
      data: { value: option.value, testid: "select-option" },
      on: { click: onPick },
    },
    option.emoji ? el("span", { class: "listbox-emoji", text: emojiText(option.emoji) }) : null,
    el(
      "span",
      { class: "listbox-text" },
      el("span", { class: "listbox-label", text: option.label }),
      option.description ? el("span", { class: "listbox-description", text: option.description }) : null,
    ),
    el("span", { class: "listbox-tick" }, icon("check", 18)),
  );
}
