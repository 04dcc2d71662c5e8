// A modal the application answered with: drawn from its components, checked, and sent in Discord's own shape.

import { avatar, el, nameOf, uniqueId } from "./dom.js";
import { openDialog } from "./dialog.js";
import { fieldFor } from "./fields.js";
import { markdown, namesFor } from "./markdown.js";

const ROW = 1;
const TEXT_DISPLAY = 10;
const LABEL = 18;

/** Labels wrap any field; a legacy row holds one text input that names itself; a text display only speaks. */
function blockFor(component, store) {
  if (component.type === TEXT_DISPLAY) {
    const node = el("div", { class: "field-text" }, markdown(component.content, namesFor(store)));
    return {
      node,
      check: () => null,
      submission: () => ({ type: TEXT_DISPLAY, id: component.id }),
      files: () => [],
    };
  }
  const inner = component.type === ROW ? component.components[0] : component.component;
  const field = fieldFor(inner, store);
  const labelId = uniqueId("field-label");
  const errorId = uniqueId("field-error");
  const name = component.type === ROW ? inner.label : component.label;
  const required = inner.required ?? true;
  const problem = el("p", {
    class: "field-error",
    id: errorId,
    hidden: true,
    data: { testid: "field-error" },
  });
  const description = component.description
    ? el("p", { class: "field-description", id: `${labelId}-about`, text: component.description })
    : null;
  const target = field.focusable;
  target.setAttribute(
    "aria-labelledby",
    target.matches(".select") ? `${labelId} ${(target.id ||= uniqueId("select"))}` : labelId,
  );
  target.setAttribute("aria-describedby", description ? `${description.id} ${errorId}` : errorId);
  const node = el(
    "div",
    { class: "field", data: { testid: "field", customId: inner.custom_id } },
    el(
      "span",
      { class: "field-label", id: labelId },
      name,
      required ? el("span", { class: "field-star", "aria-hidden": "true", text: " *" }) : null,
    ),
    description,
    field.node,
    problem,
  );
  const answer = () => ({ type: inner.type, id: inner.id, custom_id: inner.custom_id, ...field.read() });
  return {
    node,
    focus: () => target.focus(),
    check() {
      const text = field.check(required);
      problem.hidden = !text;
      problem.textContent = text ?? "";
      node.classList.toggle("is-wrong", Boolean(text));
      target.setAttribute("aria-invalid", String(Boolean(text)));
      return text;
    },
    submission: () =>
      component.type === ROW
        ? { type: ROW, id: component.id, components: [answer()] }
        : { type: LABEL, id: component.id, component: answer() },
    files: () => field.files?.() ?? [],
  };
}

/** Shows the modal; it stays until the application answered its submission. */
export function openModal({ interaction_id: interactionId, modal }, { store, interactions }) {
  const blocks = modal.components
    .filter(({ type }) => [ROW, TEXT_DISPLAY, LABEL].includes(type))
    .map((component) => blockFor(component, store));
  const submit = async (handle) => {
    handle.error(null);
    const wrong = blocks.filter((block) => block.check());
    if (wrong.length) {
      wrong[0].focus();
      return;
    }
    handle.setBusy(true);
    const components = blocks.map((block) => block.submission());
    const payload = { kind: "modal", interaction_id: interactionId, custom_id: modal.custom_id, components };
    const outcome = await interactions.send(
      payload,
      blocks.flatMap((block) => block.files()),
    );
    handle.setBusy(false);
    if (outcome.text) handle.error(outcome.text);
    else handle.close();
  };
  const lead = avatar(store.bot, 32);
  const handle = openDialog({
    title: modal.title,
    body: blocks.map(({ node }) => node),
    submitLabel: "Submit",
    testid: "modal",
    onSubmit: submit,
    lead,
    note: nameOf(store.bot),
  });
  handle.dialog.dataset.customId = modal.custom_id;
  handle.dialog.dataset.interactionId = interactionId;
  blocks.find((block) => block.focus)?.focus();
  return handle;
}
