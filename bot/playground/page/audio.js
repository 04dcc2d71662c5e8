// The audio player of an attachment: our own controls on top of a plain <audio>.

import { el, fileSize, icon, iconButton, uniqueId, webUrl } from "./dom.js";
import { clockText } from "./clock.js";

let playing = null; // only one player sounds at a time

/** A player for an attachment object. */
export function audioPlayer(attachment) {
  const source = webUrl(attachment.url);
  const audio = el("audio", { preload: "metadata", src: source, data: { testid: "audio" } });
  const nameId = uniqueId("track");
  const toggle = iconButton("play", "Play", {
    class: "player-toggle",
    data: { testid: "audio-toggle" },
    "aria-describedby": nameId,
  });
  const seek = el("input", {
    type: "range",
    class: "player-seek",
    min: "0",
    max: "100",
    step: "0.01",
    value: "0",
    "aria-label": "Seek",
    "aria-describedby": nameId,
    data: { testid: "audio-seek" },
  });
  const time = el("span", { class: "player-time", data: { testid: "audio-time" }, text: "0:00 / –:––" });
  const mute = iconButton("volume", "Mute", { class: "player-mute", "aria-pressed": "false" });
  const save = el(
    "a",
    {
      class: "icon-button",
      href: source,
      download: attachment.filename,
      target: "_blank",
      rel: "noopener noreferrer",
      "aria-label": `Download ${attachment.filename}`,
      title: "Download",
      data: { testid: "audio-download" },
    },
    icon("download"),
  );
  const size = el("span", { class: "player-size", text: fileSize(attachment.size ?? 0) });
  const node = el(
    "div",
    {
      class: "player",
      role: "group",
      "aria-label": `Audio: ${attachment.filename}`,
      data: { testid: "audio-player", attachmentId: attachment.id, state: "paused" },
    },
    el(
      "div",
      { class: "player-head" },
      el("span", { class: "player-mark" }, icon("music", 22)),
      el(
        "span",
        { class: "player-file" },
        el("span", {
          class: "player-name",
          id: nameId,
          text: attachment.filename,
          title: attachment.description ?? attachment.filename,
        }),
        size,
      ),
      save,
    ),
    el("div", { class: "player-bar" }, toggle, el("span", { class: "player-track" }, seek), time, mute),
    audio,
  );
  wire({ node, audio, toggle, seek, time, mute, fallbackDuration: attachment.duration_secs });
  return node;
}

function wire({ node, audio, toggle, seek, time, mute, fallbackDuration }) {
  let frame = 0;
  const duration = () => (Number.isFinite(audio.duration) ? audio.duration : (fallbackDuration ?? NaN));
  const show = () => {
    const total = duration();
    const done = Number.isFinite(total) && total > 0 ? (audio.currentTime / total) * 100 : 0;
    seek.value = String(done);
    seek.style.setProperty("--done", `${done}%`);
    const words = `${clockText(audio.currentTime)} of ${clockText(total)}`;
    if (seek.getAttribute("aria-valuetext") === words) return; // As in most frames.
    seek.setAttribute("aria-valuetext", words);
    time.textContent = `${clockText(audio.currentTime)} / ${clockText(total)}`;
  };
  const follow = () => {
    show();
    frame = audio.paused ? 0 : requestAnimationFrame(follow);
  };
  const showState = () => {
    const sounding = !audio.paused && !audio.ended;
    node.dataset.state = sounding ? "playing" : "paused";
    toggle.replaceChildren(icon(sounding ? "pause" : "play"));
    toggle.setAttribute("aria-label", sounding ? "Pause" : "Play");
    toggle.title = sounding ? "Pause" : "Play";
    if (!frame) follow();
  };
  toggle.addEventListener("click", () => {
    if (!audio.paused) audio.pause();
    else audio.play().catch(() => (node.dataset.state = "error"));
  });
  seek.addEventListener("input", () => {
    const total = duration();
    if (Number.isFinite(total)) audio.currentTime = (Number(seek.value) / 100) * total;
    show();
  });
  seek.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2 }[event.key];
    if (!by || !Number.isFinite(duration())) return;
    event.preventDefault();
    audio.currentTime = Math.min(duration(), Math.max(0, audio.currentTime + by));
    show();
  });
  mute.addEventListener("click", () => {
    audio.muted = !audio.muted;
    mute.replaceChildren(icon(audio.muted ? "muted" : "volume"));
    mute.setAttribute("aria-pressed", String(audio.muted));
  });
  audio.addEventListener("play", () => {
    if (playing && playing !== audio) playing.pause();
    playing = audio;
    showState();
  });
  for (const type of ["pause", "ended"]) audio.addEventListener(type, showState);
  for (const type of ["loadedmetadata", "durationchange", "seeked"]) audio.addEventListener(type, show);
  audio.addEventListener("error", () => {
    node.dataset.state = "error";
    time.textContent = "Can't be played here";
  });
}
