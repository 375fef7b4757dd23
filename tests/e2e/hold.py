"""Proxies before the control socket of Kea and the API of PowerDNS that note every command, and can keep one from being done
or from being answered."""

import http.server
import json
import socket
import threading
import urllib.error
import urllib.request


class Hold:
    """The commands that came, in order. hold(command, when): the next one of that name stays where it is, "before" the server
    gets it or "after" it answered, until release(); who sent it never hears of it."""

    def __init__(self):
        self.commands = []
        self.lock = threading.Lock()
        self.wanted = None
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def hold(self, command, when):
        self.reached.clear()
        self.go_on.clear()
        self.wanted = command, when

    def wait_held(self, seconds=60):
        if not self.reached.wait(seconds):
            raise AssertionError(f"{self.wanted} did not come; {self.commands}")

    def release(self):
        self.wanted = None
        self.go_on.set()

    def take(self):
        with self.lock:
            taken, self.commands = self.commands, []
        return taken

    def passed(self, command, when):
        """Whether it may go on."""
        if when == "before":
            with self.lock:
                self.commands.append(command)
        if (command, when) != self.wanted:
            return True
        self.reached.set()
        self.go_on.wait(120)
        return False


class KeaProxy(Hold):
    def __init__(self, kea):
        super().__init__()
        self.kea = kea
        self.refused = None  # a command that is answered by a refusal
        self.socket = kea.dir / "proxy.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.socket))
        self.listener.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with peer:
            request = b""
            while True:
                part = peer.recv(65536)
                if not part:
                    return
                request += part
                try:
                    command = json.loads(request)["command"]
                    break
                except ValueError:
                    continue
            if not self.passed(command, "before"):
                return
            if command == self.refused:
                peer.sendall(json.dumps({"result": 1, "text": f"{command} is refused here"}).encode())
                return
            answer = b""
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(str(self.kea.socket))
                server.sendall(request)
                while part := server.recv(65536):
                    answer += part
            if self.passed(command, "after"):
                try:
                    peer.sendall(answer)
                except OSError:
                    pass  # who asked is gone

    def close(self):
        self.release()
        self.listener.close()


class HttpProxy(Hold):
    """Commands are methods: "PATCH"; those of an action of a zone have its name: "PUT notify"."""

    def __init__(self, port):
        super().__init__()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_one_request(self):
                self.raw_requestline = self.rfile.readline(65537)
                if self.raw_requestline and self.parse_request():
                    self.forward()
                self.close_connection = True

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                action = self.path.rpartition("/")[2]
                command = f"{self.command} {action}" if action in ("notify", "rectify", "axfr-retrieve") else self.command
                if not proxy.passed(command, "before"):
                    return
                request = urllib.request.Request(f"http://127.0.0.1:{port}{self.path}", data=body or None,
                                                 method=self.command,
                                                 headers={k: self.headers[k] for k in ("X-API-Key", "Content-Type")})
                try:
                    with urllib.request.urlopen(request, timeout=30) as answer:
                        status, answered = answer.status, answer.read()
                except urllib.error.HTTPError as error:
                    status, answered = error.code, error.read()
                if proxy.passed(command, "after"):
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(answered)))
                    self.end_headers()
                    self.wfile.write(answered)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.release()
        self.server.shutdown()
        self.server.server_close()
