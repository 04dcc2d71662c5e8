// A WebM stream without an end, played as it comes.

const TYPE = 'audio/webm; codecs="opus"';
const BEHIND_S = 1; // further behind than this, it jumps
const CLOSE_S = 0.15; // to so far behind
const AGAIN_MS = 1000;

export class LiveSound {
  #playing = null; // {url, abort}

  /** `onSilenced` is told where the browser wants a press first. */
  constructor(audio, onSilenced) {
    this.audio = audio;
    this.onSilenced = onSilenced;
  }

  /** Plays what comes from this address, instead of what came before; again when it breaks off. */
  async play(url) {
    this.stop();
    const abort = new AbortController();
    this.#playing = { url, abort };
    try {
      await this.#follow(url, abort.signal);
    } catch (error) {
      if (abort.signal.aborted) return;
      console.info("voice broke off:", error.message);
    }
    if (!abort.signal.aborted) setTimeout(() => abort.signal.aborted || this.play(url), AGAIN_MS);
  }

  stop() {
    this.#playing?.abort.abort();
    this.#playing = null;
    if (!this.audio.src) return;
    URL.revokeObjectURL(this.audio.src);
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  async #follow(url, signal) {
    const source = new MediaSource();
    const opened = once(source, "sourceopen", signal);
    this.audio.src = URL.createObjectURL(source);
    this.#begin(signal);
    await opened;
    const buffer = source.addSourceBuffer(TYPE);
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const appended = once(buffer, "updateend", signal);
      buffer.appendBuffer(value);
      await appended;
      this.#keepUp();
    }
  }

  /** A browser lets a page sound only once somebody has done something on it. */
  #begin(signal) {
    this.audio.play().catch(({ name }) => {
      if (name === "NotAllowedError" && !signal.aborted) this.onSilenced();
    });
  }

  /** A page in the background falls behind, and a stream that paused goes on later. */
  #keepUp() {
    const { audio } = this;
    if (!audio.buffered.length) return;
    const end = audio.buffered.end(audio.buffered.length - 1);
    if (end - audio.currentTime > BEHIND_S) audio.currentTime = end - CLOSE_S;
  }
}

function once(target, type, signal) {
  return new Promise((resolve, reject) => {
    const give = () => {
      signal.removeEventListener("abort", stop);
      resolve();
    };
    const stop = () => {
      target.removeEventListener(type, give);
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
    target.addEventListener(type, give, { once: true });
  });
}
