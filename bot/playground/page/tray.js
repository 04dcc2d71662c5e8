// Files waiting to be sent with a plain message.

import { el, fileSize, icon, iconButton } from "./dom.js";

const MOST_FILES = 10;

export class FileTray {
  files = [];

  /** `onPick(files)` gets what the file dialog gave; `onRemove()` runs after one is taken out. */
  constructor({ onPick, onRemove }) {
    this.onRemove = onRemove;
    this.node = el("ul", {
      class: "tray",
      hidden: true,
      "aria-label": "Files to send",
      data: { testid: "tray" },
    });
    this.picker = el("input", {
      type: "file",
      multiple: true,
      class: "visually-hidden",
      tabindex: "-1",
      "aria-hidden": "true",
      data: { testid: "message-file" },
    });
    this.picker.addEventListener("change", () => {
      onPick([...this.picker.files]);
      this.picker.value = "";
    });
  }

  add(files) {
    this.put([...this.files, ...files].slice(0, MOST_FILES));
  }

  put(files) {
    this.files = files;
    this.node.hidden = files.length === 0;
    this.node.replaceChildren(...files.map((file) => this.#row(file)));
  }

  #row(file) {
    const remove = () => {
      this.put(this.files.filter((other) => other !== file));
      this.onRemove();
    };
    return el(
      "li",
      { class: "tray-file", data: { testid: "tray-file" } },
      icon(file.type.startsWith("audio/") ? "music" : "file", 26),
      el(
        "span",
        { class: "tray-text" },
        el("span", { class: "tray-name", text: file.name }),
        el("span", { class: "tray-size", text: fileSize(file.size) }),
      ),
      iconButton("close", `Remove ${file.name}`, { on: { click: remove } }),
    );
  }
}
