"""Operations that come and go together: one's end must not touch another's beginning."""

import random
import time
import unittest

from stack import Stack


class Overlapping(unittest.TestCase):
    def test_one_starts_while_the_last_ends(self):
        moments = random.Random(31)
        with Stack() as stack:
            for n in range(60):
                name = stack.start_records(2, f"next{n}")["name"]
                time.sleep(moments.uniform(0, 0.1))
            self.assertEqual(stack.wait_done(name)["state"], "OPERATION_STATE_SUCCEEDED")
            for operation in stack.request("/v1/operations?page_size=100")["operations"]:
                self.assertEqual(stack.wait_done(operation["name"])["state"], "OPERATION_STATE_SUCCEEDED")

    def test_thirty_two_side_by_side(self):
        with Stack(server_args=["--engine-step-delay=30ms"]) as stack:
            names = [stack.start_records(10, f"side{n}")["name"] for n in range(32)]
            for name in names:
                done = stack.wait_done(name, 120)
                self.assertEqual(done["state"], "OPERATION_STATE_SUCCEEDED")
                events = stack.events(name)
                self.assertEqual([int(e["sequence"]) for e in events], list(range(1, len(events) + 1)))


if __name__ == "__main__":
    unittest.main()
