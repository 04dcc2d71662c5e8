// The list above the composer: commands, options, choices, autocomplete. Focus stays in the input that owns it.

import { el, uniqueId } from "./dom.js";

export class ListPanel {
  #items = [];
  #active = -1;
  #input = null;
  #onPick = null;

  constructor(root) {
    this.head = el("div", { class: "panel-head", data: { testid: "panel-head" } });
    this.list = el("div", {
      class: "panel-list",
      role: "listbox",
      id: uniqueId("panel"),
      "aria-label": "Suggestions",
      data: { testid: "panel-list" },
    });
    this.root = root;
    root.append(this.head, this.list);
    this.hide();
  }

  get isOpen() {
    return this.#items.length > 0;
  }

  get active() {
    return this.#items[this.#active] ?? null;
  }

  /** What stands above the list: nodes, or nothing. */
  setHead(nodes) {
    this.head.replaceChildren(...nodes);
    this.head.hidden = nodes.length === 0;
    this.#showRoot();
  }

  /**
   * Shows `items` [{key, node, ...}] for `input`. `active` is the index lit at first (-1: none until an arrow
   * is pressed); `onPick(item)` runs on Enter, Tab or a click.
   */
  show(input, items, onPick, { active = 0, note = null } = {}) {
    this.#clearInput();
    this.#items = items;
    this.#input = input;
    this.#onPick = onPick;
    this.#active = items.length ? active : -1;
    this.list.replaceChildren(
      ...items.map((item, index) => {
        const node = el(
          "div",
          {
            class: "panel-item",
            role: "option",
            id: `${this.list.id}-${index}`,
            data: { testid: "panel-item", key: item.key },
          },
          item.node,
        );
        node.addEventListener("pointerdown", (event) => event.preventDefault());
        node.addEventListener("click", () => this.#pick(item));
        node.addEventListener("pointermove", () => this.#light(index, { scroll: false }));
        return node;
      }),
    );
    if (note) this.list.append(el("p", { class: "panel-note", text: note }));
    this.list.hidden = items.length === 0 && !note;
    input.setAttribute("aria-expanded", String(items.length > 0));
    input.setAttribute("aria-controls", this.list.id);
    this.list.scrollTop = 0;
    this.#light(this.#active);
    this.#showRoot();
  }

  hide() {
    this.#clearInput();
    this.#items = [];
    this.#active = -1;
    this.list.replaceChildren();
    this.list.hidden = true;
    this.#showRoot();
  }

  /** Arrow keys, Enter, Tab, Escape for the open list; true when the key was used. */
  handleKey(event) {
    if (!this.isOpen || event.isComposing) return false;
    const { key } = event;
    const plain = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (key === "ArrowDown" || key === "ArrowUp") this.#move(key === "ArrowDown" ? 1 : -1);
    else if ((key === "Enter" || key === "Tab") && plain && this.active) this.#pick(this.active);
    else if (key === "Escape") this.hide();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #move(by) {
    const count = this.#items.length;
    const from = this.#active === -1 && by < 0 ? 0 : this.#active;
    this.#light((from + by + count) % count);
  }

  #light(index, { scroll = true } = {}) {
    this.#active = index;
    [...this.list.querySelectorAll("[role=option]")].forEach((node, at) => {
      node.setAttribute("aria-selected", String(at === index));
      if (at === index && scroll) node.scrollIntoView({ block: "nearest" });
    });
    if (this.#input && index >= 0)
      this.#input.setAttribute("aria-activedescendant", `${this.list.id}-${index}`);
    else this.#input?.removeAttribute("aria-activedescendant");
  }

  #pick(item) {
    const onPick = this.#onPick;
    this.hide();
    onPick(item);
  }

  #clearInput() {
    this.#input?.setAttribute("aria-expanded", "false");
    this.#input?.removeAttribute("aria-activedescendant");
    this.#input = null;
  }

  #showRoot() {
    this.root.hidden = this.list.hidden && this.head.hidden;
  }
}
