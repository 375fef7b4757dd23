// Draws the store. All text of others goes through textContent.
import { RUNNING } from "/store.js";

const SHOWN_OPERATIONS = 300;
const SHOWN_SUBTASKS = 500;

const STATES = {
  OPERATION_STATE_PENDING: ["pending", "Pending"],
  OPERATION_STATE_RUNNING: ["running", "Running"],
  OPERATION_STATE_SUCCEEDED: ["good", "Succeeded"],
  OPERATION_STATE_SUCCEEDED_WITH_WARNINGS: ["warned", "Succeeded with warnings"],
  OPERATION_STATE_PARTIALLY_FAILED: ["bad", "Partially failed"],
  OPERATION_STATE_FAILED: ["bad", "Failed"],
  OPERATION_STATE_CANCELLED: ["warned", "Cancelled"],
  OPERATION_STATE_OUTCOME_UNKNOWN: ["bad", "Outcome unknown"],
};
const SUBTASKS = {
  SUBTASK_STATUS_NOT_STARTED: ["pending", "Not started"],
  SUBTASK_STATUS_IN_PROGRESS: ["running", "In progress"],
  SUBTASK_STATUS_COMPLETED_WITH_ERROR: ["bad", "Failed"],
  SUBTASK_STATUS_COMPLETED_WITH_WARNING: ["warned", "Done with warning"],
  SUBTASK_STATUS_COMPLETED_WITH_SUCCESS: ["good", "Done"],
  SUBTASK_STATUS_NOT_APPLICABLE: ["pending", "Not applicable"],
  SUBTASK_STATUS_NOT_RUN: ["warned", "Not run"],
};
const SOURCES = {
  SOURCE_STATE_CONNECTING: ["pending", "connecting"],
  SOURCE_STATE_CONNECTED: ["good", "connected"],
  SOURCE_STATE_CONNECTED_NO_CALLBACKS: ["warned", "connected, no callbacks"],
  SOURCE_STATE_DISCONNECTED: ["bad", "disconnected"],
};
const toneOf = (table, value) => table[value] ?? ["pending", "Unknown"];

function make(document, tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// A bar; without a percentage it says that work is under way, no more.
class Bar {
  constructor(document, label) {
    this.element = make(document, "div", "bar");
    this.element.setAttribute("role", "progressbar");
    this.element.setAttribute("aria-valuemin", "0");
    this.element.setAttribute("aria-valuemax", "100");
    this.element.setAttribute("aria-label", label);
    this.fill = make(document, "div", "fill");
    this.number = make(document, "span", "number");
    this.element.append(this.fill, this.number);
  }

  set(percent, tone, moving) {
    this.element.dataset.tone = tone;
    this.element.classList.toggle("moving", moving && percent === undefined);
    if (percent === undefined) {
      this.element.removeAttribute("aria-valuenow");
      this.fill.style.width = "";
      setText(this.number, "");
      return;
    }
    const value = String(Math.round(percent * 10) / 10);
    this.element.setAttribute("aria-valuenow", value);
    this.fill.style.width = `${Math.min(100, Math.max(0, percent))}%`;
    setText(this.number, `${value} %`);
  }
}

export class View {
  #document;
  #store;
  #onSelect;
  #rows = new Map();
  #subtaskRows = new Map();
  #bar;
  #onCancel;
  #selected = null;
  #drawn = null;

  // `onCancel` answers a promise of why it was refused, empty where it was not.
  constructor(document, store, onSelect, onCancel) {
    this.#document = document;
    this.#store = store;
    this.#onSelect = onSelect;
    this.#onCancel = onCancel;
    this.#at("detail-cancel").addEventListener("click", () => this.#cancel());
    this.#bar = new Bar(document, "Progress of the operation");
    this.#at("detail-bar").append(this.#bar.element);
    this.#at("show").addEventListener("change", () => this.#drawList());
  }

  #at(id) {
    return this.#document.getElementById(id);
  }

  connection(state, text) {
    const element = this.#at("connection");
    element.dataset.connection = state;
    setText(element, text);
  }

  select(name) {
    this.#selected = name;
    this.#rows.forEach((row, key) => row.button.setAttribute("aria-pressed", String(key === name)));
    this.#drawDetail();
  }

  draw() {
    const store = this.#store;
    if (store.sourcesChanged) {
      this.#drawSources();
      this.#drawCancel(store.operations.get(this.#selected));
    }
    if (store.changed.size > 0) {
      this.#drawList();
      if (store.changed.has(this.#selected)) this.#drawDetail();
    } else if (store.snapshotDone) {
      this.#drawList();
    }
    store.changed.clear();
    store.sourcesChanged = false;
  }

  async #cancel() {
    const name = this.#selected;
    const button = this.#at("detail-cancel");
    if (!this.#document.defaultView.confirm("Ask the server to stop this operation before its next subtask?")) return;
    button.disabled = true;
    const refusal = await this.#onCancel(name);
    if (name !== this.#selected) return;
    this.#notice(refusal);
    this.#drawCancel(this.#store.operations.get(name));
  }

  #notice(text) {
    this.#at("detail-notice").hidden = text === "";
    setText(this.#at("detail-notice"), text);
  }

  // Only where the server offers to cancel; while its session is down it cannot be asked.
  #drawCancel(operation) {
    const button = this.#at("detail-cancel");
    const source = this.#store.sources.get(operation?.source);
    button.hidden = !operation || !RUNNING.has(operation.state) || !source?.canCancel;
    button.disabled = Boolean(operation?.cancelTime) || source?.state === "SOURCE_STATE_DISCONNECTED";
    setText(button, operation?.cancelTime ? "Cancel requested" : "Cancel");
  }

  #drawSources() {
    const chips = [...this.#store.sources.values()].map((status) => {
      const [tone, words] = toneOf(SOURCES, status.state);
      const chip = make(this.#document, "li", "chip", `${status.source}: ${words}`);
      chip.dataset.source = status.source;
      chip.dataset.state = status.state ?? "";
      chip.dataset.tone = tone;
      chip.title = [[status.account, status.address].filter(Boolean).join(" at "), status.reason]
        .filter(Boolean).join(": ");
      return chip;
    });
    this.#at("sources").replaceChildren(...chips);
  }

  #wanted(operation) {
    const show = this.#at("show").value;
    if (show === "running") return RUNNING.has(operation.state);
    if (show === "trouble") return toneOf(STATES, operation.state)[0] === "bad" || operation.lost !== undefined;
    return true;
  }

  #drawList() {
    const wanted = [...this.#store.operations.values()].filter((operation) => this.#wanted(operation));
    // Newest first, as ListOperations has them.
    wanted.sort((a, b) => (b.createTime ?? "").localeCompare(a.createTime ?? "") || b.name.localeCompare(a.name));
    const shown = wanted.slice(0, SHOWN_OPERATIONS);
    const names = new Set(shown.map((operation) => operation.name));
    this.#rows.forEach((row, name) => {
      if (names.has(name)) return;
      row.item.remove();
      this.#rows.delete(name);
    });
    let previous = null;
    const list = this.#at("operation-list");
    for (const operation of shown) {
      let row = this.#rows.get(operation.name);
      if (!row) {
        row = this.#newRow(operation);
        this.#rows.set(operation.name, row);
        this.#fillRow(row, operation);
      } else if (this.#store.changed.has(operation.name)) {
        this.#fillRow(row, operation);
      }
      const next = previous ? previous.nextSibling : list.firstChild;
      if (next !== row.item) list.insertBefore(row.item, next);
      previous = row.item;
    }
    setText(this.#at("operation-count"), shown.length < wanted.length ? `${shown.length} of ${wanted.length}`
                                                                      : String(wanted.length));
    this.#at("operations-empty").hidden = wanted.length > 0 || !this.#store.snapshotDone;
    const running = [...this.#store.operations.values()].filter((o) => RUNNING.has(o.state)).length;
    this.#document.title = running > 0 ? `(${running}) IPAM operations` : "IPAM operations";
  }

  #newRow(operation) {
    const document = this.#document;
    const item = make(document, "li", "operation");
    item.dataset.operation = operation.name;
    const button = make(document, "button", "operation-button");
    button.type = "button";
    button.setAttribute("aria-pressed", String(operation.name === this.#selected));
    button.addEventListener("click", () => {
      this.#onSelect(operation.name);
      this.select(operation.name);
    });
    const kind = make(document, "span", "kind");
    const badge = make(document, "span", "badge");
    const about = make(document, "span", "about");
    const bar = new Bar(document, `Progress of ${operation.kind ?? operation.name}`);
    button.append(kind, badge, about);
    item.append(button, bar.element);
    return { item, button, kind, badge, about, bar };
  }

  #fillRow(row, operation) {
    const [tone, words] = toneOf(STATES, operation.state);
    row.item.dataset.state = operation.state ?? "";
    setText(row.kind, operation.kind || operation.name);
    this.#setBadge(row.badge, operation, tone, words);
    const time = operation.createTime ? new Date(operation.createTime).toLocaleString() : "";
    setText(row.about, [operation.source, time, operation.initiator].filter(Boolean).join(" · "));
    row.bar.element.setAttribute("aria-label", `Progress of ${operation.kind || operation.name}`);
    row.bar.set(operation.percent, tone, RUNNING.has(operation.state));
  }

  #setBadge(badge, operation, tone, words) {
    const lost = operation.lost !== undefined;
    badge.dataset.tone = lost ? "warned" : tone;
    setText(badge, lost ? "Session lost" : words);
  }

  #drawDetail() {
    const operation = this.#selected ? this.#store.operations.get(this.#selected) : undefined;
    const detail = this.#at("detail");
    detail.hidden = !operation;
    this.#at("detail-hint").hidden = Boolean(operation);
    if (!operation) return;
    if (this.#drawn !== operation.name) {
      this.#drawn = operation.name;
      this.#notice("");
      this.#subtaskRows.forEach((row) => row.item.remove());
      this.#subtaskRows.clear();
      detail.dataset.operation = operation.name;
      this.#at("detail-events").href = `/v1/${operation.name}/events`;
      this.#at("detail-completion").href = `/v1/${operation.name}/completion_status`;
    }
    const [tone, words] = toneOf(STATES, operation.state);
    detail.dataset.state = operation.state ?? "";
    setText(this.#at("detail-title"), operation.kind || operation.name);
    this.#setBadge(this.#at("detail-state"), operation, tone, words);
    this.#drawCancel(operation);
    this.#bar.set(operation.percent, tone, RUNNING.has(operation.state));
    const message = operation.lost ?? operation.error?.message ?? "";
    this.#at("detail-message").hidden = message === "";
    setText(this.#at("detail-message"), message);
    this.#at("detail-completion").hidden = RUNNING.has(operation.state);
    this.#drawFacts(operation);
    this.#drawSubtasks(operation);
  }

  #drawFacts(operation) {
    const time = (value) => (value ? new Date(value).toLocaleString() : "");
    const facts = [
      ["Name", operation.name],
      ["Source", operation.source],
      ["Initiator", operation.initiator],
      ["Created", time(operation.createTime)],
      ["Cancel requested", time(operation.cancelTime)],
      ["Ended", time(operation.endTime)],
    ].filter(([, value]) => value);
    const nodes = facts.flatMap(([name, value]) => [
      make(this.#document, "dt", "", name),
      make(this.#document, "dd", "", value),
    ]);
    this.#at("detail-facts").replaceChildren(...nodes);
  }

  #drawSubtasks(operation) {
    const list = this.#at("subtask-list");
    let shown = 0;
    for (const [id, subtask] of operation.subtasks) {
      if (shown++ >= SHOWN_SUBTASKS) break;
      let row = this.#subtaskRows.get(id);
      if (!row) {
        row = this.#newSubtask(id);
        this.#subtaskRows.set(id, row);
        list.append(row.item);
      }
      if (row.subtask === subtask) continue;
      row.subtask = subtask;
      const [tone, words] = toneOf(SUBTASKS, subtask.status);
      row.item.dataset.status = subtask.status ?? "";
      setText(row.name, subtask.name || `Subtask ${id}`);
      row.badge.dataset.tone = tone;
      setText(row.badge, words);
      setText(row.about, subtask.error?.message || subtask.description || "");
      row.bar.element.setAttribute("aria-label", `Progress of ${subtask.name || `subtask ${id}`}`);
      row.bar.set(subtask.percent, tone, subtask.status === "SUBTASK_STATUS_IN_PROGRESS");
    }
    const total = operation.subtasks.size;
    setText(this.#at("subtask-count"), String(total));
    this.#at("subtasks-more").hidden = total <= SHOWN_SUBTASKS;
    setText(this.#at("subtasks-more"), `The first ${SHOWN_SUBTASKS} of ${total} are shown.`);
  }

  #newSubtask(id) {
    const document = this.#document;
    const item = make(document, "li", "subtask");
    item.dataset.subtask = String(id);
    const name = make(document, "span", "kind");
    const badge = make(document, "span", "badge");
    const about = make(document, "span", "about");
    const bar = new Bar(document, `Progress of subtask ${id}`);
    item.append(name, badge, about, bar.element);
    return { item, name, badge, about, bar, subtask: null };
  }
}
