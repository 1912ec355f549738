"""Imitates the web side of a node, from docs/cluster-interfaces.md alone. Arguments: address, certificate, key, release
(10 or 12). The account is `admin` with the password `p&=+ é`. Prints `port N`, then a line a request."""
import base64
import email
import html
import http.server
import secrets
import ssl
import sys
import threading
import urllib.parse

ADDRESS, CERTIFICATE, KEY, RELEASE = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
LOGIN = "/cmplatform/j_security_check" if RELEASE >= 11 else "/cmplatform/WEB-INF/pages/j_security_check"
LOGIN_FORM = f"""<html><head><title>Login</title></head><body>%s<form name="logonForm" action="%s" method="post">
<input type="hidden" name="appNav" value="cmplatform"><input name="j_username"><input type="password" name="j_password">
</form></body></html>""" % ("%s", LOGIN if "--plain-form" not in sys.argv else "login.do")
AWAY = sys.argv[sys.argv.index("--away") + 1] if "--away" in sys.argv else None
lock = threading.Lock()
sessions, tokens, failures = set(), {}, 0
endings = []
files, trust = {}, {("tomcat", "tomcat.pem"): open(CERTIFICATE, "rb").read()}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, headers=(), kind="text/html;charset=UTF-8"):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def page(self, status="", body=""):
        self.answer(200, f'<html><body><div id="status">{html.escape(status)}</div>{body}</body></html>')

    def session(self):
        for part in self.headers.get("Cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == "JSESSIONID" and value in sessions:
                return value
        return None

    def token_inputs(self):
        if RELEASE < 11:
            return ""
        tokens[self.session()] = token = secrets.token_hex(8)
        return f'<input type="hidden" name="struts.token.name" value="token"/><input type="hidden" name="token" value="{token}"/>'

    def token_ok(self, fields):
        expected = tokens.pop(self.session(), None)
        return RELEASE < 11 or (fields.get("struts.token.name") == "token" and fields.get("token") == expected)

    def multipart(self, body):
        head = b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n"
        message, fields, names = email.message_from_bytes(head + body), {}, {}
        for part in message.get_payload():
            name = part.get_param("name", header="content-disposition")
            data = part.get_payload(decode=True)
            names[name] = part.get_filename()
            fields[name] = data if part.get_filename() else data.decode()
        return fields, names

    def do_GET(self):
        with lock:
            self.handle_request()

    do_POST = do_GET

    def handle_request(self):
        global failures
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        print(self.command, path, flush=True)
        query = dict(urllib.parse.parse_qsl(query))
        if path == "/test/expire":
            sessions.clear()
            return self.answer(200, "expired")
        if path == "/axl/" or path.startswith("/realtimeservice2/"):
            return self.soap(path, body.decode())
        if path == LOGIN and self.command == "POST":
            fields = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
            if failures >= 4:
                return self.answer(200, LOGIN_FORM % "Too many logins. Try again later.")
            if (fields.get("appNav"), fields.get("j_username"), fields.get("j_password")) != ("cmplatform", "admin", "p&=+ é"):
                failures += 1
                return self.answer(200, LOGIN_FORM % "Log on failed - Invalid User ID or Password")
            session = secrets.token_hex(8)
            sessions.add(session)
            return self.answer(302, "", [("Set-Cookie", f"JSESSIONID={session}; Path=/cmplatform; Secure; HttpOnly"),
                                         ("Location", AWAY or "/cmplatform/")])
        if path == "/cmplatform/showLogin.do":
            return self.answer(200, LOGIN_FORM % "")
        if not path.startswith("/cmplatform"):
            return self.answer(404, "none")
        if not self.session():
            return self.answer(302, "", [("Location", "/cmplatform/showLogin.do")])
        if path in ("/cmplatform", "/cmplatform/"):
            return self.page("", "Cisco Unified Operating System Administration")
        if path == "/cmplatform/tftpFileUpload.do":
            return self.upload(body)
        if path == "/cmplatform/certificateUpload.do":
            return self.upload_certificate(body)
        if path == "/cmplatform/certificateFindList.do":
            rows = "".join(
                f'<tr><td>{unit}</td><td>x</td><td><a href="/cmplatform/certificateDetails.do?cert=/usr/local/platform/.security/'
                f'{unit}/certs/{urllib.parse.quote(name)}&amp;unit={unit}">{html.escape(name)}</a></td><td>2030</td></tr>'
                for unit, name in sorted(trust))
            return self.page("", f"<form>{self.token_inputs()}</form><table><tr><th>Certificate</th></tr>{rows}</table>")
        if path == "/cmplatform/certificateDownload.do":
            return self.answer(200, trust[query["unit"], query["name"]], kind="application/x-pem-file")
        if path == "/cmplatform/certificateDelete.do":
            fields = dict(urllib.parse.parse_qsl(body.decode()))
            if not self.token_ok(fields):
                return self.page("Error: invalid token")
            trust.pop((fields["unit"], fields["name"]))
            return self.page("Certificate Deleted")
        return self.answer(404, "none")

    def upload(self, body):
        form = f'<form method="post" enctype="multipart/form-data" action="tftpFileUpload.do">%s<input type="file" name="file"/><input name="directory"/></form>'
        if self.command == "GET":
            return self.page("", form % self.token_inputs())
        fields, names = self.multipart(body)
        if not self.token_ok(fields):
            return self.page("Error: The form was sent twice", form % self.token_inputs())
        if names["file"] == "full.tlv":
            return self.page("Error: No space left on device", form % self.token_inputs())
        files[fields["directory"] + "/" + names["file"]] = fields["file"]
        print("file", names["file"], repr(fields["directory"]), len(fields["file"]), flush=True)
        return self.page("Status: File uploaded successfully.", form % self.token_inputs())

    def upload_certificate(self, body):
        form = ('<form method="post" enctype="multipart/form-data">%s<select name="NAME"><option>tomcat-trust</option>'
                '<option>Phone-SAST-trust</option></select><input name="DESCRIPTION"/><input type="file" name="FILE"/></form>')
        if self.command == "GET":
            return self.page("", form % self.token_inputs())
        fields, names = self.multipart(body)
        if not self.token_ok(fields) or b"BEGIN CERTIFICATE" not in fields["FILE"]:
            return self.page("Error reading the certificate", form % self.token_inputs())
        trust[fields["NAME"], names["FILE"]] = fields["FILE"]
        return self.page("Certificate Uploaded", form % self.token_inputs())

    def soap(self, path, body):
        login = "Basic " + base64.b64encode("admin:p&=+ é".encode()).decode()
        if self.headers.get("Authorization") != login:
            return self.answer(401, "no", [("WWW-Authenticate", 'Basic realm="AXL"')])
        print("action", self.headers.get("SOAPAction"), flush=True)
        if "ver=7.0" in self.headers.get("SOAPAction", ""):
            return self.answer(599, "<html>Incorrect axl version. Supported axl versions are 12.x, 14.0 and 15.0</html>")
        if "session" in body and not endings:
            endings.append(1)
            print("ended", flush=True)
            return self.answer(404, "<html>Not Found</html>")
        wrap = '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>%s</s:Body></s:Envelope>'
        fault = wrap % "<s:Fault><faultcode>s:Client</faultcode><faultstring>%s</faultstring></s:Fault>"
        if "selectCmDevice" in body:
            items = "".join(f"<item><Name>SEP{n}</Name><IPAddress><item><IP>{ip}</IP></item></IPAddress><Model>437</Model>"
                            f"<Status>{state}</Status></item>" for n, ip, state in [("1", "192.0.2.5", "Registered"), ("2", "", "UnRegistered")])
            return self.answer(200, wrap % f'<n:selectCmDeviceResponse xmlns:n="x"><n:selectCmDeviceReturn><SelectCmDeviceResult><CmNodes>'
                               f"<item><Name>pub</Name><CmDevices>{items}</CmDevices></item></CmNodes></SelectCmDeviceResult>"
                               "</n:selectCmDeviceReturn></n:selectCmDeviceResponse>", kind="text/xml")
        if "restartPhone" in body:
            if "SEPNONE" in body:
                return self.answer(500, fault % "Item not valid: The specified SEPNONE was not found", kind="text/xml")
            return self.answer(200, wrap % "<restartPhoneResponse><return>{1}</return></restartPhoneResponse>", kind="text/xml")
        query = html.unescape(body.partition("<sql>")[2].partition("</sql>")[0])
        words = query.split()
        if "large" in query and words[1] != "skip":
            return self.answer(500, fault % "Query request too large. Total rows matched: 7 rows. Suggestive Row Fetch: less than 4 rows", kind="text/xml")
        rows = [f"<row><name>SEP{n}</name><model>Cisco 7975 &amp; &lt;b&gt;</model></row>" for n in range(7)]
        if "sparse" in query:
            rows = rows[:3] + [f"<row><name>SEP{n}</name></row>" for n in range(3, 7)]
        if "memory" in query and (words[1] != "skip" or int(words[4]) > 3):
            return self.answer(500, fault % "Maximum AXL Memory Allocation Consumed. Please retry once requests in progress have completed", kind="text/xml")
        if words[1] == "skip":
            rows = rows[int(words[2]):int(words[2]) + int(words[4])]
        if "broken" in query:
            return self.answer(200, "<html>maintenance", kind="text/html")
        return self.answer(200, wrap % f"<executeSQLQueryResponse><return>{''.join(rows)}</return></executeSQLQueryResponse>", kind="text/xml")


server = http.server.ThreadingHTTPServer((ADDRESS, 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, KEY)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.daemon_threads = True
print("port", server.server_address[1], flush=True)
server.serve_forever()
