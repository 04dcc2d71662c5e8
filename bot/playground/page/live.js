// The live connection: one WebSocket per viewer, re-opened with a growing wait when it drops.

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 8000;

export class Live {
  /** `onFrame(frame)` gets each JSON frame, `onState(state)` one of connecting, open, lost. */
  constructor(onFrame, onState) {
    this.onFrame = onFrame;
    this.onState = onState;
    this.socket = null;
    this.timer = 0;
    this.wait = FIRST_WAIT_MS;
    this.viewerId = null;
    this.refused = false; // the last try ended before it began: perhaps nobody has this id any more
    window.addEventListener("online", () => this.retryNow());
  }

  /** Connects as this person (null: whoever the playground offers first), leaving any other view. */
  connect(viewerId) {
    this.viewerId = viewerId;
    this.wait = FIRST_WAIT_MS;
    this.refused = false;
    this.onState("connecting");
    this.open();
  }

  retryNow() {
    if (this.timer) this.open();
  }

  open() {
    clearTimeout(this.timer);
    this.timer = 0;
    const old = this.socket;
    const url = new URL("/playground/live", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    if (this.viewerId && !this.refused) url.searchParams.set("as", this.viewerId);
    const socket = new WebSocket(url);
    this.socket = socket;
    old?.close();
    socket.addEventListener("message", (event) => {
      if (socket !== this.socket) return;
      this.wait = FIRST_WAIT_MS;
      this.onFrame(JSON.parse(event.data));
    });
    let opened = false;
    socket.addEventListener("open", () => {
      if (socket !== this.socket) return;
      opened = true;
      this.onState("open");
    });
    socket.addEventListener("close", () => {
      if (socket !== this.socket) return;
      this.refused = !opened && !this.refused;
      this.retryLater();
    });
  }

  retryLater() {
    this.onState("lost");
    const jitter = this.wait * 0.3 * Math.random();
    this.timer = setTimeout(() => this.open(), this.wait + jitter);
    this.wait = Math.min(LONGEST_WAIT_MS, this.wait * 2);
  }
}
