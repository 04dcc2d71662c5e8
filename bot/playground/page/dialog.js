// Dialogs on the browser's own <dialog>: it traps focus and makes the page behind inert.

import { el, iconButton, uniqueId } from "./dom.js";
import { closePopup } from "./popup.js";

/**
 * Opens a modal dialog. `body` nodes go into its form; `onSubmit(dialog)` runs on submit.
 * Gives {dialog, form, error(text), setBusy(bool), close(), closed}: `closed` resolves when it is gone.
 */
export function openDialog({
  title,
  body,
  submitLabel,
  danger = false,
  testid,
  onSubmit,
  lead = null,
  note = null,
}) {
  const titleId = uniqueId("dialog-title");
  const problem = el("p", {
    class: "dialog-error",
    role: "alert",
    hidden: true,
    data: { testid: "dialog-error" },
  });
  const submit = el(
    "button",
    {
      type: "submit",
      class: `button button-${danger ? "danger" : "primary"}`,
      data: { testid: "dialog-submit" },
    },
    el("span", { class: "button-face", text: submitLabel }),
  );
  const cancel = el("button", {
    type: "button",
    class: "button button-quiet",
    data: { testid: "dialog-cancel" },
    text: "Cancel",
    on: { click: () => dialog.close() },
  });
  const form = el(
    "form",
    { class: "dialog-form", method: "dialog", novalidate: true },
    el("div", { class: "dialog-body" }, body),
    problem,
    el("footer", { class: "dialog-actions" }, cancel, submit),
  );
  const close = iconButton("close", "Close", {
    class: "dialog-close",
    data: { testid: "dialog-close" },
    on: { click: () => dialog.close() },
  });
  const heading = el(
    "header",
    { class: "dialog-head" },
    lead,
    el(
      "div",
      {},
      el("h2", { id: titleId, text: title }),
      note ? el("p", { class: "dialog-note", text: note }) : null,
    ),
    close,
  );
  const dialog = el(
    "dialog",
    { class: "dialog", "aria-labelledby": titleId, data: { testid } },
    heading,
    form,
  );
  const before = wayBackTo(document.activeElement);
  const closed = new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      closePopup();
      // The browser tells of it a while after it has closed: whoever has turned to something else
      // by then would find their keys, Enter too, go to the button that had opened it.
      const isElsewhere = ![null, document.body].includes(document.activeElement);
      const hasLeft = isElsewhere && !dialog.contains(document.activeElement);
      dialog.remove();
      if (!hasLeft) before()?.focus({ preventScroll: true });
      resolve(dialog.returnValue);
    });
  });
  const handle = {
    dialog,
    form,
    closed,
    close: (value = "") => dialog.close(value),
    error(text) {
      problem.hidden = !text;
      problem.textContent = text ?? "";
    },
    setBusy(busy) {
      submit.disabled = busy;
      submit.classList.toggle("is-busy", busy);
      submit.setAttribute("aria-busy", String(busy));
    },
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!submit.disabled) onSubmit(handle);
  });
  closePopup();
  document.body.append(dialog);
  dialog.showModal();
  return handle;
}

/** Finds the control that had focus again, even redrawn meanwhile; the message box when it is gone. */
function wayBackTo(node) {
  const message = CSS.escape(node?.closest("[data-message-id]")?.dataset.messageId ?? "");
  const control = CSS.escape(node?.dataset.customId ?? "");
  return () => {
    if (!node || node === document.body || node.isConnected) return node;
    const redrawn = `[data-message-id="${message}"] [data-custom-id="${control}"]`;
    return document.querySelector(redrawn) ?? document.getElementById("composer-text");
  };
}

/** Asks once; resolves to true when the person agreed. */
export async function confirmDialog({ title, text, yes }) {
  const body = [el("p", { class: "dialog-text", text })];
  const handle = openDialog({
    title,
    body,
    submitLabel: yes,
    danger: true,
    testid: "confirm",
    onSubmit: ({ close }) => close("yes"),
  });
  handle.form.querySelector("[type=submit]").focus();
  return (await handle.closed) === "yes";
}

/** A short notice that goes by itself. */
export function toast(text) {
  const holder = document.getElementById("toasts");
  const node = el("p", { class: "toast", data: { testid: "toast" }, text });
  holder.append(node);
  setTimeout(() => node.remove(), 7000);
}
