// Interactions under way: sent, then answered, answered with a modal, or failed.

import { ApiError, interact } from "./api.js";

// The playground tells every outcome within Discord's 3 s. Should that frame be lost with the
// connection, nothing stays waiting for longer than this.
const DEADLINE_MS = 6000;
const REMEMBERED = 200;

export class Interactions {
  #open = new Set();
  #early = new Map(); // outcomes that arrived before the POST's own answer told us the id
  busy = new Set(); // "message id:custom id" of components waiting for an answer
  chosen = new Map(); // the same key -> values this person chose in a select
  failures = new Map(); // message id -> sentence shown under it

  constructor(store) {
    this.store = store;
  }

  /** Sends; resolves to {status: "answered" | "modal" | "failed" | "refused" | "dropped", text?}. */
  async send(payload, files = [], { onAccepted = null } = {}) {
    const entry = { id: null, settle: null, timer: 0 };
    const outcome = new Promise((resolve) => (entry.settle = resolve));
    this.#open.add(entry);
    const body = { as: this.store.viewer.id, channel_id: this.store.channelId, ...payload };
    try {
      const { interaction_id: id } = await interact(body, files);
      entry.id = id;
      onAccepted?.();
      const early = this.#early.get(id);
      if (early) this.#settle(entry, early);
      else entry.timer = setTimeout(() => this.#settle(entry, { status: "answered" }), DEADLINE_MS);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#settle(entry, { status: "refused", text: error.message });
    }
    return outcome;
  }

  /** A button or select of a message: marks it busy and shows a failure under the message. */
  async component(message, component, values = null) {
    const key = `${message.id}:${component.custom_id}`;
    if (this.busy.has(key)) return;
    this.busy.add(key);
    if (values) this.chosen.set(key, values);
    this.failures.delete(message.id);
    this.#refresh(message);
    const payload = {
      kind: "component",
      message_id: message.id,
      custom_id: component.custom_id,
      component_type: component.type,
    };
    const outcome = await this.send(values ? { ...payload, values } : payload);
    this.busy.delete(key);
    if (outcome.text) {
      this.failures.set(message.id, outcome.text);
      this.chosen.delete(key);
    }
    this.#refresh(message);
  }

  /** A slash or message command: a row says that it is on its way, and stays when it fails. */
  async command(payload, files, name, { onAccepted = null, type = 20 } = {}) {
    const channelId = this.store.channelId;
    const user = this.store.viewer;
    const fields = { type, local: "sending", interaction_metadata: { type: 2, user, name } };
    const localId = this.store.addLocal(channelId, fields);
    const outcome = await this.send(payload, files, { onAccepted });
    const local = this.store.message(channelId, localId);
    if (outcome.status === "failed" && local)
      this.store.upsert({ ...local, local: "failed", error: outcome.text });
    else this.store.remove(channelId, localId);
    return outcome;
  }

  modalOpened(interactionId) {
    this.#outcome(interactionId, { status: "modal" });
  }

  answered(interactionId) {
    this.#outcome(interactionId, { status: "answered" });
  }

  failed(interactionId, text) {
    this.#outcome(interactionId, { status: "failed", text });
  }

  /** Forgets everything under way: the view changed. */
  dropAll() {
    for (const entry of [...this.#open]) this.#settle(entry, { status: "dropped" });
    this.busy.clear();
    this.chosen.clear();
    this.failures.clear();
  }

  #outcome(interactionId, outcome) {
    const entry = [...this.#open].find(({ id }) => id === interactionId);
    if (entry) this.#settle(entry, outcome);
    else if (!this.#early.has(interactionId)) this.#early.set(interactionId, outcome);
    if (this.#early.size > REMEMBERED) this.#early.delete(this.#early.keys().next().value);
  }

  #settle(entry, outcome) {
    clearTimeout(entry.timer);
    this.#open.delete(entry);
    entry.settle(outcome);
  }

  #refresh(message) {
    const current = this.store.message(message.channel_id, message.id);
    if (current) this.store.emit("message", { message: current, created: false, self: true });
  }
}
