// The menu of a message: the Apps that act on it, copying, deleting.

import { avatar, el, icon } from "./dom.js";
import { closePopup, openPopup, roveFocus } from "./popup.js";
import { confirmDialog } from "./dialog.js";
import { isEphemeral } from "./store.js";

const MESSAGE_COMMAND = 3;

/** May this viewer delete the message? Their own, or any where they manage messages. */
export function mayDelete(message, { viewer, channels }) {
  const channel = channels.find(({ id }) => id === message.channel_id);
  return message.author.id === viewer.id || isEphemeral(message) || Boolean(channel?.can?.manage_messages);
}

/** Opens the menu beside `anchor`. `actions`: {runCommand(command, message), remove(message)}. */
export function openMessageMenu(message, anchor, store, actions) {
  const commands = store.commands.filter((command) => command.type === MESSAGE_COMMAND);
  const menu = el("div", { class: "menu", role: "menu", data: { testid: "message-menu" } });
  menu.append(el("p", { class: "menu-heading", text: "Apps", role: "presentation" }));
  for (const command of commands) {
    menu.append(
      item(command.name_localizations?.[store.locale] ?? command.name, () => actions.runCommand(command, message), {
        lead: avatar(store.bot, 20),
        data: { testid: "app-command", commandName: command.name },
      }),
    );
  }
  if (!commands.length) menu.append(el("p", { class: "menu-empty", text: "No app acts on messages here." }));
  menu.append(el("hr", { class: "menu-line" }));
  if (message.content)
    menu.append(
      item("Copy text", () => navigator.clipboard?.writeText(message.content), {
        tail: icon("copy", 18),
        data: { testid: "copy-text" },
      }),
    );
  menu.append(
    item("Copy message ID", () => navigator.clipboard?.writeText(message.id), {
      tail: icon("copy", 18),
      data: { testid: "copy-id" },
    }),
  );
  if (mayDelete(message, store)) {
    const label = isEphemeral(message) ? "Dismiss message" : "Delete message";
    menu.append(
      item(label, () => remove(message, actions), {
        tail: icon("trash", 18),
        danger: true,
        data: { testid: "delete-message" },
      }),
    );
  }
  roveFocus(menu, "[role=menuitem]");
  openPopup(anchor, menu, { label: "Message actions" });
  menu.querySelector("[role=menuitem]")?.focus();
}

/** A plain menu beside `anchor`; each choice is {label, run, testid}. */
export function openMenu(anchor, title, choices) {
  const menu = el("div", { class: "menu", role: "menu", data: { testid: "menu" } });
  menu.append(el("p", { class: "menu-heading", text: title, role: "presentation" }));
  menu.append(...choices.map(({ label, run, testid }) => item(label, run, { data: { testid } })));
  roveFocus(menu, "[role=menuitem]");
  openPopup(anchor, menu, { label: title });
  menu.querySelector("[role=menuitem]")?.focus();
}

async function remove(message, actions) {
  if (isEphemeral(message)) {
    actions.remove(message);
    return;
  }
  const sure = await confirmDialog({
    title: "Delete message",
    text: "Are you sure you want to delete this message? It goes for everyone.",
    yes: "Delete",
  });
  if (sure) actions.remove(message);
}

function item(label, run, { lead = null, tail = null, danger = false, data = {} }) {
  const click = () => {
    closePopup();
    run();
  };
  return el(
    "button",
    {
      type: "button",
      role: "menuitem",
      tabindex: "-1",
      class: `menu-item${danger ? " is-danger" : ""}`,
      data,
      on: { click },
    },
    lead,
    el("span", { class: "menu-label", text: label }),
    tail,
  );
}
