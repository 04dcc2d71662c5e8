// The page: joins the live connection, the store and the views.

import { deleteMessage, pullThePlug, ApiError } from "./api.js";
import { Composer } from "./composer.js";
import { toast } from "./dialog.js";
import { el, icon, nameOf } from "./dom.js";
import { Interactions } from "./interactions.js";
import { Live } from "./live.js";
import { PLACE_LINK } from "./markdown.js";
import { openMessageMenu } from "./menu.js";
import { openModal } from "./modal.js";
import { closePopup } from "./popup.js";
import { Sidebar } from "./sidebar.js";
import { Store } from "./store.js";
import { Timeline } from "./timeline.js";
import { Voice } from "./voice.js";

const byId = (id) => document.getElementById(id);
const store = new Store();
const interactions = new Interactions(store);
const address = new URL(location.href);
let modal = null;
let person = address.searchParams.get("as"); // the user id or name this page acts as

async function removeMessage(message) {
  if (message.local) {
    store.remove(message.channel_id, message.id);
    return;
  }
  try {
    await deleteMessage({ as: store.viewer.id, channelId: message.channel_id, messageId: message.id });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast(error.message);
  }
}

async function killBot() {
  try {
    await pullThePlug();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast(error.message);
  }
}

async function runMessageCommand(command, message) {
  const payload = { kind: "message_command", command_id: command.id, message_id: message.id };
  const outcome = await interactions.command(payload, [], command.name, { type: 23 });
  if (outcome.status === "refused") toast(outcome.text);
}

const timeline = new Timeline(
  { scroller: byId("scroller"), list: byId("messages"), jump: byId("jump"), announcer: byId("announcer") },
  {
    store,
    interactions,
    dismiss: removeMessage,
    openMenu: (message, anchor) =>
      openMessageMenu(message, anchor, store, { runCommand: runMessageCommand, remove: removeMessage }),
  },
);
const composer = new Composer(byId("composer"), { store, interactions });
const voice = new Voice(byId("voice"), store);
const live = new Live(onFrame, onState);
const sidebar = new Sidebar(
  { sidebar: byId("sidebar"), members: byId("members"), scrim: byId("scrim"), opener: byId("drawer-open") },
  store,
  actAs,
  voice,
);

function onFrame(frame) {
  switch (frame.t) {
    case "HELLO":
      hello(frame);
      break;
    case "MESSAGE_UPSERT":
      store.upsert(frame.message);
      break;
    case "MESSAGE_DELETE":
      store.remove(frame.channel_id, frame.id);
      break;
    case "CHANNEL":
      store.addChannel(frame.channel);
      break;
    case "VOICE":
      store.setVoice(frame.voice);
      break;
    case "LOCALES":
      store.setLocales(frame.locales);
      break;
    case "COMMANDS":
      store.setCommands(frame.commands);
      break;
    case "BOT":
      store.setBot(frame.online, frame.bot, frame.note);
      break;
    case "MODAL":
      interactions.modalOpened(frame.interaction_id);
      modal?.close();
      modal = openModal(frame, { store, interactions });
      break;
    case "ANSWERED":
      interactions.answered(frame.interaction_id);
      break;
    case "FAILED":
      interactions.failed(frame.interaction_id, frame.text);
      break;
    case "PING":
      store.ping(frame.channel_id);
      break;
    default: // a newer playground may say more than this page knows
  }
}

/** The playground may greet us as somebody else: ids change when it restarts, names do not. */
function hello(frame) {
  const wanted = frame.users.find(({ id, username }) => id === person || username === person);
  if (wanted && wanted.id !== frame.viewer.id) {
    live.connect(wanted.id);
    return;
  }
  person = frame.viewer.username;
  live.viewerId = frame.viewer.id;
  store.hello(frame, address.searchParams.get("channel"));
}

function onState(state) {
  byId("app").dataset.connection = state;
  byId("connection").textContent = {
    connecting: "Connecting…",
    open: "",
    lost: "Connection lost. Reconnecting…",
  }[state];
}

/** Looks at the playground as another person: their own socket, messages and permissions. */
function actAs(userId) {
  closePopup();
  modal?.close();
  interactions.dropAll();
  person = store.user(userId).username;
  sidebar.setOpen(false);
  live.connect(userId);
}

function showPlace() {
  const { channel } = store;
  if (!channel) return;
  byId("channel-name").textContent = channel.name;
  byId("channel-name").dataset.kind = channel.kind;
  byId("messages").setAttribute("aria-label", `Messages in ${channel.name}`);
  byId("app").dataset.viewerId = store.viewer.id;
  byId("app").dataset.channelId = channel.id;
  byId("notice").textContent = store.notice;
  address.searchParams.set("as", store.viewer.username);
  address.searchParams.set("channel", channel.name);
  history.replaceState(null, "", address);
  showTitle();
}

function showTitle() {
  const mentions = [...store.unread.values()].reduce((sum, { mentions: count }) => sum + count, 0);
  const news = store.unread.size > 0;
  const place = store.channel ? `${store.channel.kind === "dm" ? "@" : "#"}${store.channel.name}` : "";
  document.title = `${mentions ? `(${mentions}) ` : news ? "• " : ""}${[place, store.guild.name].filter(Boolean).join(" | ")}`;
}

function showBot() {
  const banner = byId("offline");
  banner.hidden = store.botOnline;
  const gone = `${store.bot ? nameOf(store.bot) : "The bot"} is offline. Commands and buttons get no answer until it is back.`;
  banner.textContent = [store.botNote, gone].filter(Boolean).join(" ");
  const plug = byId("plug");
  plug.hidden = !store.plug;
  plug.disabled = !store.botOnline;
}

function acceptDrops() {
  const curtain = byId("drop");
  const carriesFiles = (event) =>
    [...(event.dataTransfer?.types ?? [])].includes("Files") && !document.querySelector("dialog[open]");
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    curtain.firstElementChild.textContent = composer.dropLabel;
    curtain.hidden = false;
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget === null && (curtain.hidden = true));
  document.addEventListener("drop", (event) => {
    curtain.hidden = true;
    if (!carriesFiles(event)) return;
    event.preventDefault();
    composer.takeFiles([...event.dataTransfer.files]);
  });
}

function goTo(channelId, messageId = null) {
  if (!store.channels.some(({ id }) => id === channelId)) return false;
  store.select(channelId);
  sidebar.setOpen(false);
  if (messageId) timeline.jumpTo(messageId);
  return true;
}

/** A link to a message stays on the page, as in Discord. */
function followLinks() {
  document.addEventListener("click", (event) => {
    const [, channelId, messageId] = PLACE_LINK.exec(event.target.closest("a")?.href ?? "") ?? [];
    if (channelId && goTo(channelId, messageId)) event.preventDefault();
  });
}

/** Typing anywhere on the page goes to the message box, as people expect of a chat. */
function typeAnywhere() {
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    const busy =
      target.closest("input, textarea, button, a, dialog, [popover], [role=button]") ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey;
    if (!busy && key.length === 1 && key !== " ") composer.focus();
  });
}

for (const type of ["hello", "channel"]) {
  store.on(type, showPlace);
  store.on(type, () => closePopup());
}
for (const type of ["hello", "bot"]) store.on(type, showBot);
store.on("unread", showTitle);
store.on("channel", () => composer.focus());
store.on("hello", ({ sameViewer }) => sameViewer || matchMedia("(hover: none)").matches || composer.focus());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && store.channelId) store.markRead(store.channelId);
});
document.addEventListener("usecommand", ({ detail }) => composer.use(detail));
document.addEventListener("gotochannel", ({ detail }) => goTo(detail));
byId("plug").append(icon("plug", 18), el("span", { text: "Pull the plug" }));
byId("plug").addEventListener("click", killBot);
acceptDrops();
followLinks();
typeAnywhere();
live.connect(/^\d+$/u.test(person ?? "") ? person : null);
