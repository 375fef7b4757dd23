// One subscription to all operations over a WebSocket that is opened again, from the last token, whenever it closes.
const SUBPROTOCOL = "ipam-progress.v1.json";
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30000;

export class Feed {
  #url;
  #events;
  #socket = null;
  #token = "";
  #failures = 0;
  #drainMs = null;
  #silenceMs = 45000;
  #silence = 0;
  #retry = 0;
  onConnected = () => {};

  constructor(url, events) {
    this.#url = url;
    this.#events = events;
    window.addEventListener("online", () => this.#retryNow());
  }

  start() {
    this.#events.onState("connecting", "Connecting");
    const socket = new WebSocket(this.#url, SUBPROTOCOL);
    this.#socket = socket;
    socket.onopen = () => {
      socket.send(JSON.stringify({ type: "connection_init" }));
      const payload = { delivery: "DELIVERY_LATEST" };
      if (this.#token) payload.resumeToken = this.#token;
      socket.send(JSON.stringify({ type: "subscribe", id: "all", payload }));
      this.onConnected();
    };
    socket.onmessage = (message) => this.#onMessage(JSON.parse(message.data));
    socket.onclose = () => this.#onClose(socket);
    this.#watchSilence();
  }

  #onMessage(message) {
    this.#watchSilence();
    switch (message.type) {
      case "connection_ack":
        // A frame comes at each heartbeat at least; without three of them the connection is dead.
        this.#silenceMs = 3 * (message.payload?.heartbeat_ms ?? 15000);
        break;
      case "ping":
        this.#socket.send(JSON.stringify({ type: "pong" }));
        break;
      case "next":
        this.#failures = 0;
        this.#onFrame(message.payload);
        break;
      case "error":
        // A token that the gateway does not take: from the beginning.
        this.#token = "";
        this.#socket.close();
        break;
      case "complete":
        this.#socket.close();
        break;
    }
  }

  #onFrame(frame) {
    if (frame.resumeToken) this.#token = frame.resumeToken;
    if (frame.drain) this.#drainMs = 1000 * parseFloat(frame.drain.retryAfter ?? "0");
    this.#events.onState("live", "Live");
    this.#events.onFrame(frame);
  }

  #onClose(socket) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#silence);
    const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
    // Watchers of one gateway must not come back at one moment.
    const delay = this.#drainMs === null ? longest * (0.5 + Math.random() / 2) : this.#drainMs * (1 + Math.random());
    this.#drainMs = null;
    this.#failures += 1;
    this.#events.onState("waiting", `Disconnected, again in ${Math.ceil(delay / 1000)} s`);
    this.#retry = setTimeout(() => this.#retryNow(), delay);
  }

  #retryNow() {
    if (this.#socket && this.#socket.readyState !== WebSocket.CLOSED) return;
    clearTimeout(this.#retry);
    this.start();
  }

  #watchSilence() {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#silence = setTimeout(() => {
      socket.close();
      this.#onClose(socket);
      this.#socket = null;
    }, this.#silenceMs);
  }
}
