"""The dashboard of a real gateway in headless Chromium: tests/browser/dashboard_test.py follows an operation on it."""

import subprocess
import sys
import tempfile
import unittest

from stack import SOURCE, Stack, records

SCRIPT = SOURCE / "tests" / "browser" / "dashboard_test.py"


class Dashboard(unittest.TestCase):
    def test_the_bar_rises_to_its_end(self):
        with Stack(server_args=["--engine-step-delay=150ms"]) as stack, \
                tempfile.NamedTemporaryFile("w", suffix=".xml") as parameters:
            # On a busy machine one look of the browser takes seconds: then the operation must last longer.
            for count in (40, 200, 800):
                parameters.seek(0)
                parameters.write(records(count, f"of{count}"))
                parameters.flush()
                ran = subprocess.run([sys.executable, SCRIPT, stack.http, "--parameters", parameters.name,
                                      "--timeout", "240"], capture_output=True, text=True, timeout=400, check=False)
                if ran.returncode == 77:
                    self.skipTest("no Chromium, chromedriver or Selenium here")
                if "fewer than three values" not in ran.stderr:
                    break
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
            self.assertIn("SUCCEEDED, the bar read [", ran.stdout)
            self.assertIn(f"{count} subtasks ended", ran.stdout)


if __name__ == "__main__":
    unittest.main()
