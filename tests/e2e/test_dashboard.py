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
            parameters.write(records(80))
            parameters.flush()
            ran = subprocess.run([sys.executable, SCRIPT, stack.http, "--parameters", parameters.name],
                                 capture_output=True, text=True, timeout=200, check=False)
            if ran.returncode == 77:
                self.skipTest("no Chromium, chromedriver or Selenium here")
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
            self.assertIn("SUCCEEDED, the bar read [", ran.stdout)
            self.assertIn("80 subtasks ended", ran.stdout)


if __name__ == "__main__":
    unittest.main()
