// Wires the feed (frames from /v1/ws) to the store (what they say) and the view (what is shown).
import { Feed } from "/feed.js";
import { Store } from "/store.js";
import { View } from "/view.js";

const store = new Store();
function select(name) {
  history.replaceState(null, "", name ? "#" + name : location.pathname);
}
async function cancel(name) {
  try {
    const answer = await fetch(`/v1/${name}:cancel`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: "{}",
    });
    if (answer.ok) return "";
    return `Not cancelled: ${(await answer.json()).message ?? answer.statusText}`;
  } catch {
    return "Not cancelled: the gateway cannot be reached.";
  }
}
const view = new View(document, store, select, cancel);

// What came since the last picture is drawn at once. A timer beside the animation frame: a page in the background has
// no frames, and its title is read there.
let scheduled = false;
function draw() {
  if (!scheduled) return;
  scheduled = false;
  view.draw();
}
function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(draw);
  setTimeout(draw, 250);
}

const feed = new Feed(new URL("/v1/ws", location.href.replace(/^http/, "ws")), {
  onFrame(frame) {
    store.apply(frame);
    schedule();
  },
  onState(state, text) {
    view.connection(state, text);
  },
});

view.select(decodeURIComponent(location.hash.slice(1)) || null);
window.addEventListener("hashchange", () => view.select(decodeURIComponent(location.hash.slice(1)) || null));

// Frames say what changes of the sources; what they are now is asked at each connection.
feed.onConnected = async () => {
  try {
    const answer = await fetch("/v1/sources");
    if (answer.ok) store.setSources((await answer.json()).sources ?? []);
    schedule();
  } catch {
    // The feed shows that the gateway cannot be reached.
  }
};
feed.start();
