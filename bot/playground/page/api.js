// The page's requests. Every refusal becomes an ApiError whose message is a sentence for people.

export class ApiError extends Error {}

async function send(url, init) {
  let response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    throw new ApiError("The playground can't be reached. Is it still running?", { cause });
  }
  const body = await response.json().catch(() => null);
  if (!response.ok)
    throw new ApiError(body?.error ?? `The playground answered with status ${response.status}.`);
  return body ?? {};
}

function form(payload, files) {
  const data = new FormData();
  data.append("payload_json", JSON.stringify(payload));
  for (const [field, file] of files) data.append(field, file, file.name);
  return data;
}

/** Starts an interaction; `files` is a list of [field name, File]. Gives {interaction_id} or {choices}. */
export function interact(payload, files = [], signal = undefined) {
  return send("/playground/interactions", { method: "POST", body: form(payload, files), signal });
}

/** Posts an ordinary message as a person. */
export function postMessage({ as, channelId, content, files }) {
  const payload = { as, channel_id: channelId, content };
  return send("/playground/messages", {
    method: "POST",
    body: form(
      payload,
      files.map((file, index) => [`files[${index}]`, file]),
    ),
  });
}

/** Kills the bot's process, as a power cut does. */
export function pullThePlug() {
  return send("/playground/plug", { method: "POST" });
}

/** Has a person, or the server, read another language. */
export function readIn({ ofId, locale }) {
  return send("/playground/language", { method: "POST", body: form({ of_id: ofId, locale }, []) });
}

/** Comes into voice, leaves it, or does there what moderators may: `kind` says which. */
export function actInVoice({ as, kind, channelId = null, userId = null }) {
  const payload = { as, kind, channel_id: channelId, user_id: userId };
  return send("/playground/voice", { method: "POST", body: form(payload, []) });
}

/** Where what is heard in a voice channel comes from, for whoever is in it. */
export function voiceStream({ as, channelId }) {
  return `/playground/voice/${encodeURIComponent(channelId)}.webm?as=${encodeURIComponent(as)}`;
}

/** Deletes a message, or dismisses an ephemeral one. */
export function deleteMessage({ as, channelId, messageId }) {
  const path = `/playground/messages/${encodeURIComponent(channelId)}/${encodeURIComponent(messageId)}`;
  return send(`${path}?as=${encodeURIComponent(as)}`, { method: "DELETE" });
}
