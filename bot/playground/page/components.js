// Message components: rows of buttons and selects, and the little feedback around pressing them.

import { el, icon, webUrl } from "./dom.js";
import { emojiText, selectMenu } from "./select.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };
const SELECTS = new Set([3, 5, 6, 7, 8]);

function buttonNode(component, { message, interactions }) {
  const face = [
    component.emoji ? el("span", {
          class: "button-emoji",
          "aria-hidden": component.label ? "true" : null,
          text: emojiText(component.emoji),
        }) : null,
    component.label ? el("span", { text: component.label }) : null,
  ];
  const className = `button button-${STYLES[component.style] ?? "secondary"}`;
  const data = {
    testid: "button",
    customId: component.custom_id ?? "",
    style: STYLES[component.style] ?? "",
  };
  const label = component.label ? null : component.emoji?.name;
  if (component.style === 5) {
    const href = component.disabled ? null : webUrl(component.url);
    return el(
      "a",
      {
        class: className,
        href,
        target: "_blank",
        rel: "noopener noreferrer",
        "aria-label": label,
        "aria-disabled": component.disabled ? "true" : null,
        data,
      },
      face,
      icon("external", 15),
    );
  }
  const busy = interactions.busy.has(`${message.id}:${component.custom_id}`);
  const dots = busy ? el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")) : null;
  const node = el(
    "button",
    {
      type: "button",
      class: `${className}${busy ? " is-busy" : ""}`,
      disabled: component.disabled,
      "aria-busy": busy ? "true" : null,
      "aria-label": label,
      data,
    },
    el("span", { class: "button-face" }, face),
    dots,
  );
  node.addEventListener("click", () => interactions.component(message, component));
  return node;
}

function selectNode(component, { message, interactions, store }) {
  const key = `${message.id}:${component.custom_id}`;
  const initial = interactions.chosen.get(key) ?? null;
  const select = selectMenu(component, {
    store,
    initial,
    onDone: (values) => interactions.component(message, component, values),
  });
  const busy = interactions.busy.has(key);
  select.setBusy(busy);
  return el("div", { class: "select-row" }, select.node);
}

/**
 * Makes `parent` show the message's component rows. Rebuilt only when they or their waiting state changed;
 * the control that had focus keeps it.
 */
export function patchComponents(parent, message, context) {
  const rows = message.components ?? [];
  const waiting = [...context.interactions.busy].filter((key) => key.startsWith(`${message.id}:`));
  const signature = JSON.stringify([rows, waiting]);
  if (parent.componentSignature === signature) return;
  parent.componentSignature = signature;
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.customId : null;
  parent.replaceChildren(
    ...rows
      .filter((row) => row.type === 1)
      .map((row) =>
        el(
          "div",
          { class: "component-row" },
          row.components.map((component) => {
            if (component.type === 2) return buttonNode(component, { message, ...context });
            return SELECTS.has(component.type) ? selectNode(component, { message, ...context }) : null;
          }),
        ),
      ),
  );
  parent.hidden = rows.length === 0;
  if (focused)
    parent.querySelector(`[data-custom-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}
