#!/usr/bin/python3
"""Follows an operation on the dashboard with headless Chromium.

  dashboard_test.py [URL] [--parameters FILE | --operation NAME] [--program DEMO_GATEWAY] [--cancel yes|no] [--timeout S]
                    [--screenshot FILE]

URL is that of a running gateway, by default $IPAM_HTTP; --program starts the demonstration gateway instead. The operation
is started with the parameters of FILE, or it is NAME, or the first one that runs. Exit 0: the bar was read at three rising
values and at its end, and so were the subtasks; with --cancel yes its button cancelled it, with no it had none. 77: no
browser here.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

try:
    from selenium import webdriver
    from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
except ImportError:
    sys.exit(77)

ENDED = ("SUCCEEDED", "SUCCEEDED_WITH_WARNINGS", "PARTIALLY_FAILED", "FAILED", "CANCELLED", "OUTCOME_UNKNOWN")


def open_browser(profile):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--window-size=1200,900", f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


class Timeout(Exception):
    pass


def wait_for(what, probe, timeout):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        try:
            value = probe()
            if value:
                return value
        except (NoSuchElementException, StaleElementReferenceException):
            pass
        time.sleep(0.05)
    raise Timeout(f"not seen in {timeout} s: {what}")


def start_operation(url, parameters):
    body = json.dumps({"parametersXml": parameters}).encode()
    request = urllib.request.Request(url + "/v1/operations", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["name"]


def state_of(element):
    return element.get_attribute("data-state").removeprefix("OPERATION_STATE_")


def read_bar(browser, selector):
    value = browser.find_element(By.CSS_SELECTOR, selector + " [role=progressbar]").get_attribute("aria-valuenow")
    return None if value is None else float(value)


def open_page(browser, url):
    browser.get(url + "/")
    wait_for("a live connection", lambda: browser.find_element(By.CSS_SELECTOR, "#connection[data-connection=live]"), 20)


def open_detail(browser, name, timeout):
    """The selectors of the operation's row and of its details, which are shown."""
    row = f'.operation[data-operation="{name}"]'
    wait_for(f"{name} in the list", lambda: browser.find_element(By.CSS_SELECTOR, row), timeout)
    browser.find_element(By.CSS_SELECTOR, row + " button").click()
    return row, f'#detail[data-operation="{name}"]'


def follow(browser, url, args):
    if args.operation:
        name = args.operation
    elif args.parameters is not None:
        name = start_operation(url, args.parameters)
    else:
        name = wait_for("a running operation", lambda: browser.find_element(
            By.CSS_SELECTOR, ".operation[data-state=OPERATION_STATE_RUNNING]"), args.timeout).get_attribute("data-operation")
    row, detail = open_detail(browser, name, args.timeout)

    values = []
    screenshot = args.screenshot
    end = time.monotonic() + args.timeout
    while time.monotonic() < end:
        ended = state_of(browser.find_element(By.CSS_SELECTOR, row)) in ENDED
        value = read_bar(browser, detail)
        if value is not None and (not values or value != values[-1]):
            values.append(value)
        if screenshot and len(values) == 3:
            browser.save_screenshot(screenshot)
            screenshot = None
        if ended:
            break
        time.sleep(0.02)
    else:
        raise Timeout(f"{name} did not end; the bar read {values}")

    print(f"{name}: {state_of(browser.find_element(By.CSS_SELECTOR, row))}, the bar read {values}")
    assert values == sorted(values), f"the bar went back: {values}"
    moving = [value for value in values if value < 100]
    assert len(moving) >= 3, f"fewer than three values before the end: {values}"
    wait_for("the bar of the row at 100", lambda: read_bar(browser, row) == 100, 10)
    wait_for("the bar of the detail at 100", lambda: read_bar(browser, detail) == 100, 10)
    subtasks = browser.find_elements(By.CSS_SELECTOR, detail + " .subtask")
    assert subtasks, "no subtasks"
    for subtask in subtasks:
        status = subtask.get_attribute("data-status")
        assert status not in ("", "SUBTASK_STATUS_NOT_STARTED", "SUBTASK_STATUS_IN_PROGRESS"), status
    print(f"{len(subtasks)} subtasks ended")
    return name


def check_lost_and_cancelled(browser, url):
    """An operation that loses its session says so; the button cancels it."""
    row, detail = open_detail(browser, start_operation(url, "<Lost/>"), 20)
    wait_for("the lost session", lambda: browser.find_element(By.CSS_SELECTOR, row + " .badge").text == "Session lost", 60)
    assert browser.find_element(By.CSS_SELECTOR, detail + " #detail-message").text == "played"
    cancel_by_button(browser, row, detail)


def cancel_by_button(browser, row, detail):
    button = browser.find_element(By.CSS_SELECTOR, detail + " #detail-cancel")
    wait_for("the button", button.is_displayed, 20)
    assert button.is_displayed() and button.is_enabled() and button.text == "Cancel", button.text
    button.click()
    browser.switch_to.alert.dismiss()
    assert button.is_enabled() and button.text == "Cancel", "nothing was asked for yet"
    button.click()
    browser.switch_to.alert.accept()
    wait_for("the end", lambda: state_of(browser.find_element(By.CSS_SELECTOR, row)) == "CANCELLED", 60)
    wait_for("the badge", lambda: browser.find_element(By.CSS_SELECTOR, row + " .badge").text == "Cancelled", 20)
    assert not button.is_displayed(), "an operation that has ended cannot be cancelled"
    assert "Cancel requested" in browser.find_element(By.CSS_SELECTOR, "#detail-facts").text


def check_cancel(browser, url, parameters, offered):
    """Where the server can cancel, the button does; where it cannot there is no button."""
    row, detail = open_detail(browser, start_operation(url, parameters), 20)
    wait_for("its first progress", lambda: read_bar(browser, detail), 60)
    assert state_of(browser.find_element(By.CSS_SELECTOR, row)) == "RUNNING"
    if offered:
        return cancel_by_button(browser, row, detail)
    assert not browser.find_element(By.CSS_SELECTOR, detail + " #detail-cancel").is_displayed()


def check_narrow_and_log(browser):
    browser.set_window_size(420, 900)
    width = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1], f"wider than the window: {width}"
    # `texts` of others stay text: the page has no image.
    assert not browser.find_elements(By.CSS_SELECTOR, "img, #sources b"), "markup of others was taken as markup"
    severe = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"
              and "ERR_CONNECTION" not in entry["message"] and "WebSocket" not in entry["message"]]
    assert not severe, severe


def check_reconnect(browser, demo):
    """The gateway goes away: the page says so, and keeps what it shows."""
    rows = len(browser.find_elements(By.CSS_SELECTOR, ".operation"))
    demo.stdin.close()
    demo.wait(timeout=20)
    wait_for("the loss of the connection", lambda: browser.find_element(
        By.CSS_SELECTOR, "#connection[data-connection=waiting]"), 20)
    assert len(browser.find_elements(By.CSS_SELECTOR, ".operation")) == rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url", nargs="?", default=os.environ.get("IPAM_HTTP"))
    parser.add_argument("--parameters")
    parser.add_argument("--operation")
    parser.add_argument("--program")
    parser.add_argument("--cancel", choices=("yes", "no"))
    parser.add_argument("--timeout", type=float, default=60)
    parser.add_argument("--screenshot")
    args = parser.parse_args()
    if not os.path.exists("/usr/bin/chromium") or not os.path.exists("/usr/bin/chromedriver"):
        sys.exit(77)
    if args.parameters:
        with open(args.parameters, encoding="utf-8") as file:
            args.parameters = file.read()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        demo = None
        if args.program:
            os.mkdir(folder + "/journal")
            demo = subprocess.Popen([args.program, folder + "/journal"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    text=True)
            args.url = demo.stdout.readline().strip()
            args.parameters = "<InitializeOperationParameters/>"
        if not args.url:
            parser.error("no URL: give one, or IPAM_HTTP")
        browser = None
        try:
            browser = open_browser(folder + "/profile")
            args.url = args.url.rstrip("/")
            open_page(browser, args.url)
            if args.cancel:
                check_cancel(browser, args.url, args.parameters, args.cancel == "yes")
            else:
                follow(browser, args.url, args)
            if demo:
                check_lost_and_cancelled(browser, args.url)
            check_narrow_and_log(browser)
            if demo:
                check_reconnect(browser, demo)
        finally:
            if browser:
                browser.quit()
            if demo and demo.poll() is None:
                demo.kill()
    print("ok")


if __name__ == "__main__":
    main()
