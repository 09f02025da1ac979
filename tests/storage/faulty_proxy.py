"""An HTTP proxy in front of a server, which fails as object stores do."""

import http.client
import http.server
import threading
import time


class QuietServer(http.server.ThreadingHTTPServer):
    """Says nothing about clients that go away."""

    def handle_error(self, *_):
        pass


class FaultyProxy:
    """Forwards requests to HOST:PORT. `faults` is a list of what happens to the next requests of objects, in order, each
    `ok` or one of: drop (the connection closes before an answer), half (of the body, then it closes), short (half of the body
    as if it were all), stall (nothing for as long as `patience`), or an HTTP status as a number. After the last, all go well,
    or, with `forever`, the last one holds."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.faults, self.forever, self.patience = [], False, 30
        self.requests = []
        self._lock = threading.Lock()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                proxy._handle(self)

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def plan(self, *faults, forever=False):
        with self._lock:
            self.faults, self.forever, self.requests = list(faults), forever, []

    def _next_fault(self, request):
        with self._lock:
            self.requests.append(request)
            if not self.faults:
                return "ok"
            return self.faults[0] if self.forever and len(self.faults) == 1 else self.faults.pop(0)

    def _handle(self, handler):
        fault = self._next_fault((handler.command, handler.path, time.monotonic()))
        if fault == "drop":
            handler.close_connection = True
            return
        if fault == "stall":
            time.sleep(self.patience)
            handler.close_connection = True
            return
        if isinstance(fault, int):
            handler.send_response(fault)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        self._forward(handler, fault)

    def _forward(self, handler, fault):
        upstream = http.client.HTTPConnection(*self.target)
        upstream.request(handler.command, handler.path, headers=dict(handler.headers))
        answer = upstream.getresponse()
        body = answer.read()
        if fault == "short":
            body = body[:len(body) // 2]
        handler.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                handler.send_header(name, value)
        length = answer.getheader("Content-Length") if handler.command == "HEAD" else str(len(body))
        handler.send_header("Content-Length", length or "0")
        handler.end_headers()
        handler.wfile.write(body[:len(body) // 2] if fault == "half" else body)
        if fault == "half":
            handler.close_connection = True
        upstream.close()
