"""A phone's web page, and a node's HTTP folder, for tests. Arguments: address, folder."""
import http.server
import os
import sys

PAGES = {
    "/DeviceInformationX": '<?xml version="1.0"?><DeviceInformation><MACAddress>B000B4BA0AEE</MACAddress><HostName>SEPB000B4BA0AEE'
                           "</HostName><modelNumber>CP-7975G</modelNumber><versionID>SCCP75.9-3-1SR4-1S</versionID></DeviceInformation>",
    "/CGI/Java/Serviceability?adapter=device.settings.status.messages":
        "<html><body><ul><li>21:56:07 03/06/15 Trust List Updated</li><li>No Trust List Installed</li></ul></body></html>",
    "/CGI/Java/Serviceability?adapter=device.settings.security":
        "<html><body><table><tr><td><b>CTL File</b></td><td>1D97D9089DD558A062CCCFCB1DC4C57F</td></tr>"
        "<tr><td><b>ITL File</b></td><td>Not Installed</td></tr></table></body></html>",
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = os.path.join(sys.argv[2], os.path.basename(self.path))
        if self.path in PAGES:
            status, body = 200, PAGES[self.path].encode()
        elif os.path.isfile(path):
            status, body = 200, open(path, "rb").read()
        else:
            status, body = 404, b"not found"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer((sys.argv[1], 0), Handler)
print("port", server.server_address[1], flush=True)
server.serve_forever()
