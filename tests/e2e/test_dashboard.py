"""The dashboard of a real gateway in headless Chromium: tests/browser/dashboard_test.py follows an operation on it."""

import subprocess
import sys
import tempfile
import unittest

from stack import SOURCE, Stack, records

SCRIPT = SOURCE / "tests" / "browser" / "dashboard_test.py"


def browse(stack, parameters, *arguments):
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(parameters)
        file.flush()
        return subprocess.run([sys.executable, SCRIPT, stack.http, "--parameters", file.name, *arguments],
                              capture_output=True, text=True, timeout=400, check=False)


class Dashboard(unittest.TestCase):
    def check(self, ran):
        if ran.returncode == 77:
            self.skipTest("no Chromium, chromedriver or Selenium here")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_the_bar_rises_to_its_end(self):
        with Stack(server_args=["--engine-step-delay=150ms"]) as stack:
            # On a busy machine one look of the browser takes seconds: then the operation must last longer.
            for count in (40, 200, 800):
                ran = browse(stack, records(count, f"of{count}"), "--timeout", "240")
                if "fewer than three values" not in ran.stderr:
                    break
            self.check(ran)
            self.assertIn("SUCCEEDED, the bar read [", ran.stdout)
            self.assertIn(f"{count} subtasks ended", ran.stdout)

    def test_its_button_cancels_where_the_server_can(self):
        for offered in (True, False):
            with self.subTest(offered), Stack(server_args=["--engine-step-delay=150ms"], progress2=offered) as stack:
                # Longer than the browser takes: it ends by the button, or with the programs.
                self.check(browse(stack, records(800), "--cancel", "yes" if offered else "no"))


if __name__ == "__main__":
    unittest.main()
