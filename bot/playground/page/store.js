// What this viewer knows: people, channels, messages, commands. Changes are announced as events.

const EPHEMERAL = 64;
const LOADING = 128;

export const isEphemeral = (message) => Boolean((message.flags ?? 0) & EPHEMERAL);
export const isThinking = (message) => Boolean((message.flags ?? 0) & LOADING);

/** Snowflake order: shorter numbers first, then by digits. Messages that exist only here come last. */
export function compareIds(a, b) {
  const localA = a.startsWith("local-");
  const localB = b.startsWith("local-");
  if (localA !== localB) return localA ? 1 : -1;
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** True when the message speaks to this person. */
export function mentionsUser(message, userId) {
  return (
    message.author.id !== userId &&
    ((message.mentions ?? []).some((user) => user.id === userId) || Boolean(message.mention_everyone))
  );
}

/** Events: hello, message {message, created}, remove {channelId, id}, commands, bot, channel, channels, locales, voice, unread. */
export class Store extends EventTarget {
  viewer = null;
  users = [];
  guild = { id: "0", name: "Playground" };
  bot = null;
  botOnline = false;
  botNote = null; // why the bot is not there, where that is known
  plug = false; // whether this page can kill it
  notice = "";
  channels = [];
  commands = [];
  locales = {}; // what people and the server read, by their ids
  voice = []; // who is in which voice channel: {user, channel_id, muted, suppressed, asks, speaking}
  voiceNote = null; // why the bot can't be heard, if it can't
  channelId = null;
  messages = new Map(); // channel id -> Map(message id -> message)
  unread = new Map(); // channel id -> {count, mentions}
  #serial = 0;

  emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  on(type, listener) {
    this.addEventListener(type, (event) => listener(event.detail));
  }

  user(id) {
    return this.users.find((user) => user.id === id) ?? (this.bot?.id === id ? this.bot : null);
  }

  get channel() {
    return this.channels.find((channel) => channel.id === this.channelId) ?? null;
  }

  /** The server's channels of these of Discord's types; all of them if none is named. */
  channelsOf(types) {
    const ours = this.channels.filter(({ kind }) => kind !== "dm");
    return types?.length ? ours.filter(({ type }) => types.includes(type)) : ours;
  }

  /** Messages of a channel in order. */
  list(channelId) {
    return [...(this.messages.get(channelId)?.values() ?? [])].sort((a, b) => compareIds(a.id, b.id));
  }

  message(channelId, id) {
    return this.messages.get(channelId)?.get(id) ?? null;
  }

  /** Takes the whole world as the playground describes it to this viewer. */
  hello(frame, wantedChannel) {
    const sameViewer = this.viewer?.id === frame.viewer.id;
    const placeBefore = this.channel?.name;
    this.viewer = frame.viewer;
    this.users = frame.users;
    this.guild = frame.guild;
    this.bot = frame.bot;
    this.botOnline = frame.bot_online;
    this.notice = frame.notice ?? "";
    this.botNote = frame.bot_note ?? null;
    this.plug = Boolean(frame.plug);
    this.channels = frame.channels;
    this.commands = frame.commands;
    this.locales = frame.locales ?? {};
    this.voice = frame.voice ?? [];
    this.voiceNote = frame.voice_note ?? null;
    this.messages = new Map(
      frame.channels.map(({ id }) => [
        id,
        new Map((frame.messages[id] ?? []).map((message) => [message.id, message])),
      ]),
    );
    if (!sameViewer) this.unread = new Map();
    // Ids change when the playground restarts, names do not.
    const find = (wanted) =>
      this.channels.find(({ id, name }) => wanted && (id === wanted || name === wanted));
    const channel = find(this.channelId) ?? find(placeBefore) ?? find(wantedChannel) ?? this.channels[0];
    this.channelId = channel?.id ?? null;
    this.emit("hello", { sameViewer });
  }

  select(channelId) {
    if (channelId === this.channelId) return;
    this.channelId = channelId;
    this.markRead(channelId);
    this.emit("channel");
  }

  /** A thread that was begun while we are here. */
  addChannel(channel) {
    if (this.channels.some(({ id }) => id === channel.id)) return;
    this.channels = [...this.channels, channel];
    this.emit("channels");
  }

  /** Creates or updates a message. */
  upsert(message) {
    const channel = this.messages.get(message.channel_id) ?? new Map();
    this.messages.set(message.channel_id, channel);
    const created = !channel.has(message.id);
    channel.set(message.id, message);
    if (created && message.author.id !== this.viewer.id && !this.isWatched(message.channel_id)) {
      this.#addUnread(message.channel_id, { count: 1 });
    }
    this.emit("message", { message, created });
  }

  remove(channelId, id) {
    if (this.messages.get(channelId)?.delete(id)) this.emit("remove", { channelId, id });
  }

  setVoice(voice) {
    this.voice = voice;
    this.emit("voice");
  }

  /** Who is in a voice channel, in the order they came. */
  inVoice(channelId) {
    return this.voice.filter(({ channel_id }) => channel_id === channelId);
  }

  /** Where the viewer is in voice, if anywhere. */
  get voiceChannel() {
    const mine = this.voice.find(({ user }) => user.id === this.viewer?.id);
    return this.channels.find(({ id }) => id === mine?.channel_id) ?? null;
  }

  /** What the viewer reads. */
  get locale() {
    return this.locales[this.viewer?.id] ?? "en-US";
  }

  setLocales(locales) {
    this.locales = locales;
    this.emit("locales");
    this.emit("commands");
  }

  setCommands(commands) {
    this.commands = commands;
    this.emit("commands");
  }

  setBot(online, bot, note) {
    this.botOnline = online;
    this.botNote = note ?? null;
    this.bot = bot ?? this.bot;
    this.emit("bot");
  }

  /** A mention that notifies: counts until its channel is on screen. */
  ping(channelId) {
    if (!this.isWatched(channelId)) this.#addUnread(channelId, { mentions: 1 });
  }

  isWatched(channelId) {
    return channelId === this.channelId && document.visibilityState === "visible";
  }

  markRead(channelId) {
    if (this.unread.delete(channelId)) this.emit("unread");
  }

  #addUnread(channelId, { count = 0, mentions = 0 }) {
    const before = this.unread.get(channelId) ?? { count: 0, mentions: 0 };
    this.unread.set(channelId, { count: before.count + count, mentions: before.mentions + mentions });
    this.emit("unread");
  }

  /** A row only this page has: a command on its way, or one that failed. Gives its id. */
  addLocal(channelId, fields) {
    this.#serial += 1;
    const id = `local-${String(this.#serial).padStart(8, "0")}`;
    const author = this.bot ?? { id: "0", username: "Application", bot: true };
    const base = {
      id,
      channel_id: channelId,
      author,
      content: "",
      timestamp: new Date().toISOString(),
      flags: EPHEMERAL,
      type: 20,
    };
    this.upsert({ ...base, ...fields });
    return id;
  }
}
