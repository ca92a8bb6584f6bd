"""web_browser: a headless Chromium spoken to through its DevTools pipe, without packages. Not a test itself."""
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-proxy-server",
    "--remote-debugging-pipe")


# Text whose contrast with what lies behind it is below WCAG 2's AA.
CONTRAST = """
(() => {
  const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return { r: n[0], g: n[1], b: n[2], a: n[3] ?? 1 }; };
  const light = ({ r, g, b }) => { const f = (c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4); return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const behind = (element) => { for (let at = element; at; at = at.parentElement) { const c = parse(getComputedStyle(at).backgroundColor); if (c.a === 1) return c; } return { r: 255, g: 255, b: 255 }; };
  const bad = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.getClientRects().length) continue;
    const style = getComputedStyle(element), svg = element instanceof SVGElement;
    const a = light(parse(svg ? style.fill : style.color)), b = light(behind(svg ? element.closest("svg").parentElement : element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.6 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) bad.push(`${element.tagName}.${element.getAttribute("class")} ${ratio.toFixed(2)} ${element.textContent.trim().slice(0, 30)}`);
  }
  return bad;
})()
"""

# What a screen reader stumbles over.
READABLE = """
(() => {
  const bad = [], ids = new Set();
  for (const { id } of document.querySelectorAll("[id]")) { if (ids.has(id)) bad.push("twice: #" + id); ids.add(id); }
  for (const table of document.querySelectorAll("table")) if (!table.caption?.textContent) bad.push("a table without caption");
  for (const svg of document.querySelectorAll("svg[role=img]")) if (!svg.querySelector("title") || !svg.querySelector("desc")?.textContent) bad.push("a drawing without words");
  for (const svg of document.querySelectorAll("svg:not([role=img])")) if (svg.getAttribute("aria-hidden") !== "true") bad.push("a drawing that is neither told nor hidden");
  for (const name of ["main", "header", "footer", "nav[aria-label]", "h1"]) if (!document.querySelector(name)) bad.push("no " + name);
  if (document.querySelectorAll("h1").length !== 1) bad.push("h1: " + document.querySelectorAll("h1").length);
  for (const input of document.querySelectorAll("input, select")) if (!input.labels?.length) bad.push("a field without label");
  for (const attribute of ["aria-labelledby", "aria-describedby"]) for (const element of document.querySelectorAll(`[${attribute}]`))
    for (const id of element.getAttribute(attribute).split(" ")) if (!ids.has(id)) bad.push(`${attribute} names #${id}, which is not there`);
  if (!document.documentElement.lang) bad.push("no language");
  return bad;
})()
"""


class Browser:
    """One page. What the page asked for, complained of and threw is kept."""

    def __enter__(self):
        self.profile = tempfile.mkdtemp(prefix="rollcall-chromium.")
        to_browser, self.to = os.pipe()
        self.back, from_browser = os.pipe()
        program = os.environ["CHROMIUM"]

        def descriptors():
            os.dup2(to_browser, 13), os.dup2(from_browser, 14)  # out of the way of each other first
            os.dup2(13, 3), os.dup2(14, 4)

        self.process = subprocess.Popen([program, *FLAGS, f"--user-data-dir={self.profile}", "about:blank"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=descriptors, close_fds=False)
        os.close(to_browser), os.close(from_browser)
        self.serial, self.buffer, self.events, self.session = 0, b"", [], None
        page = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime", "DOM"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        try:
            self.session = None
            self.call("Browser.close", timeout=5)
        except (OSError, TimeoutError, RuntimeError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.to), os.close(self.back)
        shutil.rmtree(self.profile, ignore_errors=True)

    def read(self, timeout):
        """The next message, or None."""
        deadline = time.monotonic() + timeout
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.back], [], [], left)[0]:
                return None
            more = os.read(self.back, 1 << 20)
            if not more:
                raise RuntimeError("the browser has ended")
            self.buffer += more
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def call(self, method, timeout=30, **parameters):
        self.serial += 1
        message = {"id": self.serial, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            answer = self.read(left)
            if answer is None:
                break
            if answer.get("id") == self.serial:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)
        raise TimeoutError(method)

    def listen(self, seconds):
        """Collects events for a while."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            event = self.read(left)
            if event is None:
                return
            self.events.append(event)

    def wait_for(self, name, timeout=30):
        deadline = time.monotonic() + timeout
        seen = 0
        while time.monotonic() < deadline:
            for event in self.events[seen:]:
                if event.get("method") == name:
                    return event
            seen = len(self.events)
            event = self.read(0.2)
            if event:
                self.events.append(event)
        raise TimeoutError(name)

    def open(self, url):
        self.events = [event for event in self.events if event.get("method") != "Page.loadEventFired"]
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def run(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def until(self, expression, timeout=10):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.run(expression):
                return True
            self.listen(0.1)
        return False

    def html(self):
        root = self.call("DOM.getDocument", depth=0)["root"]["nodeId"]
        return self.call("DOM.getOuterHTML", nodeId=root)["outerHTML"]

    def size(self, width, height, scheme="light"):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    # --- what came to pass ---

    def requests(self):
        return [event["params"]["request"]["url"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]

    def complaints(self):
        """Console errors, exceptions, violations of the content security policy, failed loads, dialogs."""
        found = []
        for event in self.events:
            parameters = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                found.append(str(parameters["exceptionDetails"]))
            elif event.get("method") == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
                found.append(str(parameters["args"]))
            elif event.get("method") == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
                found.append(parameters["entry"]["text"] + " " + parameters["entry"].get("url", ""))
            elif event.get("method") == "Page.javascriptDialogOpening":
                found.append("a dialog")
        return found


def looks(browser, page, plots, check):
    """A page that is a file, on wide and narrow screens, light and dark: readable, no wider than the screen, alone."""
    for width, scheme in ((1600, "light"), (1280, "dark"), (360, "light"), (360, "dark")):
        name = f"{width} {scheme}"
        browser.size(width, 900, scheme)
        browser.open("file://" + page)
        timing = browser.run("performance.getEntriesByType('navigation')[0].domComplete")
        print(f"# {name}: {timing:.0f} ms until it is drawn", flush=True)
        browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        bad = browser.run(CONTRAST) + browser.run(READABLE)
        check(f"{name}: can be read", not bad, bad)
        over = browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        check(f"{name}: fits", over <= 0, f"{over} px too wide")
        shown = browser.run("[...document.querySelectorAll('figure svg[role=img]')].filter((svg) => svg.getBoundingClientRect().height > 80).length")
        check(f"{name}: each plot is there once", shown == plots, shown)
        complaints = browser.complaints()
        check(f"{name}: no complaint in the console", not complaints, complaints)
        requests = [url for url in browser.requests() if url != "file://" + page]
        check(f"{name}: nothing is asked for", not requests, requests)
        browser.events = []


def paper(browser, page, check, width=703):
    """On A4, from a dark screen: black on white, and nothing stands over the edge."""
    browser.size(width, 1000, "dark")
    browser.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    browser.open("file://" + page)
    colours = browser.run("[getComputedStyle(document.querySelector('#verdict')).backgroundColor, getComputedStyle(document.body).color].join()")
    check("black on white", colours == "rgb(255, 255, 255),rgb(0, 0, 0)", colours)
    over = browser.run("[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).length")
    check("fits on paper", over == 0, over)
    printed = browser.call("Page.printToPDF", preferCSSPageSize=True)
    check("prints", len(printed["data"]) > 10000)
    browser.call("Emulation.setEmulatedMedia", media="")
