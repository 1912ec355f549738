"""An HTTP server for tests: it sends back what it was sent. Prints `port N` when it listens, then a line a request."""
import http.server
import sys
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        print(self.command, self.path, flush=True)
        path = self.path.split("?")[0]
        if path == "/echo":
            head = f"{self.command} {self.path}\n" + "".join(f"{n}: {v}\n" for n, v in self.headers.items())
            self.answer(200, head.encode() + b"\n" + body, [("X-Test", "  some value ")])
        elif path == "/cookie":
            self.answer(200, b"set", [("Set-Cookie", "JSESSIONID=abc; Path=/; HttpOnly")])
        elif path == "/away":
            self.answer(302, b"moved", [("Location", self.path.partition("?")[2])])
        elif path == "/redirect":
            self.answer(302, b"moved", [("Location", "/echo?redirected")])
        elif path == "/loop":
            self.answer(302, b"moved", [("Location", "/loop")])
        elif path == "/large":
            self.answer(200, b"x" * 100_000)
        elif path == "/slow":
            time.sleep(5)
            self.answer(200, b"late")
        elif path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"only this")
            self.close_connection = True
        else:
            self.answer(404, b"no such page")

    do_POST = do_GET

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer((sys.argv[1], 0), Handler)
server.daemon_threads = True
print("port", server.server_address[1], flush=True)
server.serve_forever()
