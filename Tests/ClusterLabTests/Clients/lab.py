"""What the lab's test clients share. Written from the interface descriptions alone; it shares no code with the lab."""

import http.client
import json
import ssl
import sys
import tomllib
import urllib.parse


def load(path):
    """The one cluster in a lab's `cluster.toml`."""
    with open(path, "rb") as file:
        (cluster,) = tomllib.load(file)["clusters"].values()
        return cluster


def node(lab, name):
    return next(item for item in lab["nodes"] if item["name"] == name)


def password(lab, account):
    with open(lab[account]["password_file"]) as file:
        return file.read().strip()


def answer(value):
    json.dump(value, sys.stdout)


class Web:
    """A browser of sorts: cookies, no redirects of its own."""

    def __init__(self, host, port):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        # Old releases speak TLS 1.0 only, with small keys.
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        self.connection = http.client.HTTPSConnection(host, port, context=context, timeout=20)
        self.cookies = {}

    def request(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.connection.request(method, path, body=body, headers=headers)
        response = self.connection.getresponse()
        content = response.read()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                pair = value.split(";")[0].split("=", 1)
                self.cookies[pair[0]] = pair[1]
        return response.status, dict(response.getheaders()), content

    def form(self, path, fields):
        return self.request(
            "POST", path, urllib.parse.urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"}
        )

    def multipart(self, path, parts):
        boundary = "----7d1a0c4e3b"
        body = b""
        for name, file, content in parts:
            body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode()
            if file is not None:
                body += f'; filename="{file}"\r\nContent-Type: application/octet-stream'.encode()
            body += b"\r\n\r\n" + content + b"\r\n"
        body += f"--{boundary}--\r\n".encode()
        return self.request("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})
