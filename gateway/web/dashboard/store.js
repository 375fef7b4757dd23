// What the frames of WatchOperations say, by operation and by source. No DOM here.
const KEPT_OPERATIONS = 1000;

export const RUNNING = new Set(["OPERATION_STATE_PENDING", "OPERATION_STATE_RUNNING"]);

export class Store {
  operations = new Map();
  sources = new Map();
  snapshotDone = false;
  // Names that changed since the view last looked.
  changed = new Set();
  sourcesChanged = false;
  #continued = null;

  apply(frame) {
    if (frame.snapshot) this.#snapshot(frame.snapshot);
    else if (frame.snapshotEnd) this.snapshotDone = true;
    else if (frame.events) (frame.events.events ?? []).forEach((event) => this.#event(event));
    else if (frame.reset) this.#reset();
    else if (frame.source) this.#source(frame.source);
  }

  setSources(list) {
    this.sources = new Map();
    list.forEach((source) => this.#source(source));
    this.sourcesChanged = true;
  }

  #source(status) {
    this.sources.set(status.source, status);
    this.sourcesChanged = true;
  }

  // The token could not be continued: a snapshot follows.
  #reset() {
    this.operations.forEach((_, name) => this.changed.add(name));
    this.operations.clear();
    this.snapshotDone = false;
    this.#continued = null;
  }

  // A large operation comes in several frames, each with more of its subtasks.
  #snapshot(operation) {
    const known = this.#continued === operation.name ? this.operations.get(operation.name) : null;
    const subtasks = known?.subtasks ?? new Map();
    (operation.subtasks ?? []).forEach((subtask) => subtasks.set(subtask.instanceId ?? 0, subtask));
    this.#continued = operation.moreSubtasks ? operation.name : null;
    const lastSequence = Number(operation.lastSequence ?? 0);
    this.#put(known ?? { ...operation, subtasks, lastSequence, lost: operation.lostReason });
  }

  #put(operation) {
    this.operations.set(operation.name, operation);
    this.changed.add(operation.name);
    if (this.operations.size > KEPT_OPERATIONS) this.#forgetOldest();
  }

  #forgetOldest() {
    let oldest = null;
    for (const operation of this.operations.values()) {
      if (RUNNING.has(operation.state)) continue;
      if (!oldest || (operation.createTime ?? "") < (oldest.createTime ?? "")) oldest = operation;
    }
    if (!oldest) return;
    this.operations.delete(oldest.name);
    this.changed.add(oldest.name);
  }

  #event(event) {
    const sequence = Number(event.sequence ?? 0);
    let operation = this.operations.get(event.operation);
    // What was delivered before a reconnect may come again.
    if (operation && sequence <= operation.lastSequence) return;
    operation ??= { name: event.operation, state: "OPERATION_STATE_PENDING", subtasks: new Map() };
    operation.lastSequence = sequence;
    this.#change(operation, event);
    this.#put(operation);
  }

  #change(operation, event) {
    const whole = event.accepted ?? event.finished ?? event.cancelRequested;
    if (whole) {
      // Operations in events come without their subtasks.
      const { subtasks, lastSequence } = operation;
      Object.assign(operation, whole, { subtasks, lastSequence });
      if (event.finished) operation.lost = undefined;
    } else if (event.started) {
      operation.isNonDeterministic = event.started.isNonDeterministic ?? false;
      operation.startTime ??= event.receiveTime;
      this.#run(operation);
    } else if (event.subtaskAdded ?? event.subtaskChanged) {
      const subtask = event.subtaskAdded ?? event.subtaskChanged;
      const id = subtask.instanceId ?? 0;
      operation.subtasks.set(id, { ...operation.subtasks.get(id), ...subtask });
      this.#run(operation);
    } else if (event.percentage) {
      operation.percent = event.percentage.percent ?? 0;
      this.#run(operation);
    } else if (event.overall) {
      operation.overallStatus = event.overall.status;
    } else if (event.sourceLost) {
      operation.lost = event.sourceLost.reason ?? "the session was lost";
    } else if (event.sourceResumed) {
      operation.lost = undefined;
    }
  }

  #run(operation) {
    if (!operation.state || operation.state === "OPERATION_STATE_PENDING") operation.state = "OPERATION_STATE_RUNNING";
  }
}
