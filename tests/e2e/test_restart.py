"""A management server that is killed again and again: what it was doing goes on, and nothing of it is done twice."""

import collections
import random
import re
import sqlite3
import threading
import time
import unittest

from stack import FINAL, HttpError, Stack, records, sample

RECORDS = 4  # of an operation


def scope(number):
    """Parameters of CreateDhcpScope for 172.<number>.40.0/22."""
    def moved(match):
        value = int(match[2])
        return f"{match[1]}{value & ~0xff00 | number << 8 if value & 0xffff == 0x10ac else value}"
    return re.sub(r"(m_Address>)(\d+)", moved, sample("CreateDhcpScope"))


class KilledServer(unittest.TestCase):
    """200 operations in batches; each batch is started, disturbed by kills, and followed to the end of all of it."""
    BATCHES, BATCH, KILLS = 5, 40, 2
    SEED = 41

    def start(self, stack, number):
        """Starts until the gateway has it; its name."""
        parameters = records(RECORDS, f"op{number}") if number % 4 else scope(16 + 1 + number // 4)
        while True:
            try:
                return stack.request("/v1/operations", {"parametersXml": parameters})["name"]
            except HttpError as error:
                self.assertEqual(error.code, 503, error.status)  # the server is away
                time.sleep(0.2)

    def test_every_operation_ends_every_event_is_there_once_and_nothing_is_done_twice(self):
        chance = random.Random(self.SEED)
        names = {}
        with Stack(server_args=["--engine-step-delay=300ms"], progress2=True) as stack:
            for batch in range(self.BATCHES):
                numbers = range(batch * self.BATCH, (batch + 1) * self.BATCH)
                starter = threading.Thread(
                    target=lambda: names.update((n, self.start(stack, n)) for n in numbers), daemon=True)
                starter.start()
                for _ in range(self.KILLS):
                    time.sleep(chance.uniform(0.2, 2))
                    stack.kill("server")
                    stack.start_server()
                starter.join(120)
                self.assertTrue(all(n in names for n in numbers), "not all were started")
                for n in numbers:
                    stack.wait_done(names[n], 180)
            every = [o for page in self.pages(stack) for o in page]
            events = {o["name"]: stack.events(o["name"]) for o in every}
            self.assertEqual(stack.stop("server"), 0)
            store = sqlite3.connect(f"{stack.dir}/ipam.db")
            self.check_store(store)
            self.check_events(store, every, events)
            self.check_effects(store, names, {o["name"]: o for o in every})
            store.close()
            stack.start_server()

    @staticmethod
    def pages(stack):
        token = ""
        while True:
            page = stack.request(f"/v1/operations?page_size=100&page_token={token}")
            yield page.get("operations", [])
            token = page.get("nextPageToken", "")
            if not token:
                return

    def check_store(self, store):
        self.assertEqual(store.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        self.assertEqual(store.execute("PRAGMA foreign_key_check").fetchall(), [])
        self.assertEqual(store.execute("SELECT count(*) FROM operations WHERE ended IS NULL").fetchone(), (0,))
        self.assertEqual(store.execute("SELECT count(*) FROM operation_states").fetchone(), (0,))
        self.assertEqual(store.execute("SELECT count(*) FROM operation_changes").fetchone(), (0,))
        # By operation: numbered without a hole, each subtask ended once, one end.
        self.assertEqual(store.execute(
            "SELECT operation FROM operation_events GROUP BY operation"
            " HAVING count(*) != max(sequence) OR min(sequence) != 1 OR sum(kind = 3) != 1"
            " OR sum(kind = 4) != sum(kind = 2 AND status > 1)"
            " OR sum(kind = 4) != count(DISTINCT CASE WHEN kind = 2 AND status > 1 THEN subtask_id END)").fetchall(), [])

    def check_events(self, store, every, events):
        # The server's operations by their first subtask and the number of their events.
        sent = collections.Counter(store.execute(
            "SELECT (SELECT subtask_name FROM operation_events AS e WHERE e.operation = o.number AND kind = 4 LIMIT 1),"
            " (SELECT max(sequence) FROM operation_events AS e WHERE e.operation = o.number) FROM operations AS o"))
        received = collections.Counter()
        resumed = 0
        for operation in every:
            with self.subTest(operation=operation["name"], state=operation["state"]):
                self.assertIn(operation["state"], FINAL)
                kept = events[operation["name"]]
                self.assertEqual([int(e["sequence"]) for e in kept], list(range(1, len(kept) + 1)))
                numbers = [int(e["sourceSequence"]) for e in kept if "sourceSequence" in e]
                self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
                added = [e["subtaskAdded"]["name"] for e in kept if "subtaskAdded" in e]
                if numbers:
                    received[(added[0] if added else None, len(numbers))] += 1
                resumed += any("sourceResumed" in e for e in kept)
        self.assertEqual(received, sent)
        self.assertGreater(resumed, self.BATCHES * self.KILLS, "hardly any was disturbed")

    def check_effects(self, store, names, every):
        made = collections.Counter(name.rsplit("-", 1)[0] for (name,) in store.execute(
            "SELECT name FROM dns_resource_records WHERE name LIKE 'op%'"))
        scopes = collections.Counter(address[1] for (address,) in store.execute("SELECT scope_id FROM dhcp_scopes"))
        succeeded = 0
        for number, name in names.items():
            state = every[name]["state"]
            with self.subTest(number=number, state=state):
                done = state == "OPERATION_STATE_SUCCEEDED"
                # What the server had not begun, or not even written down, when it was killed.
                if not done:
                    self.assertIn(state, ("OPERATION_STATE_FAILED", "OPERATION_STATE_OUTCOME_UNKNOWN"))
                    self.assertEqual(every[name].get("counts", {}).get("total", 0), 0, every[name])
                if number % 4:
                    self.assertEqual(made[f"op{number}"], RECORDS if done else 0)
                else:
                    self.assertEqual(scopes[16 + 1 + number // 4], int(done))
                succeeded += done
        self.assertGreater(succeeded, len(names) * 8 // 10)


if __name__ == "__main__":
    unittest.main()
