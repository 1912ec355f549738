"""A plain client of a node's web interfaces, with requests: plain.py CLUSTER.TOML NODE CERTIFICATE.PEM FILE. Prints JSON.

Written from the interface descriptions alone (docs/cluster-interfaces.md, docs/lab.md); it shares no code with the lab or with the
product. It does what an administrator's script would: log in, upload a file, upload, list and delete a certificate on the
pages, and the same over the REST interface where there is one.
"""

import html.parser
import json
import ssl
import sys
import tomllib
import urllib.parse

import requests
import requests.adapters

STORE = "Phone-SAST-trust"
REST = "/platformcom/api/v1/certmgr/config"


class Adapter(requests.adapters.HTTPAdapter):
    """Trusts one certificate, and talks to servers as old as TLS 1.0."""

    def __init__(self, certificate):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # urllib3 compares the certificate's names itself then. Its versions before 2 do not tell Python a host that is an
        # address, and Python refuses to check without one.
        self.context.check_hostname = False
        self.context.minimum_version = ssl.TLSVersion.TLSv1
        self.context.set_ciphers("DEFAULT:@SECLEVEL=0")
        self.context.load_verify_locations(certificate)
        super().__init__()

    def init_poolmanager(self, *arguments, **named):
        super().init_poolmanager(*arguments, ssl_context=self.context, **named)


class Page(html.parser.HTMLParser):
    """Forms with their fields, links by their text, and the texts of elements that have an id."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.links, self.texts, self.rows = [], {}, {}, []
        self.open_link = self.open_id = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "form":
            self.forms.append({"action": values["action"], "method": values.get("method", "get"), "fields": {}})
        elif tag in ("input", "select") and self.forms and "name" in values:
            self.forms[-1]["fields"][values["name"]] = values.get("value", "")
        elif tag == "a":
            self.open_link = values["href"]
        elif tag == "tr":
            self.rows.append([])
        if values.get("id"):
            self.open_id = values["id"]

    def handle_endtag(self, tag):
        self.open_id = None
        if tag == "a":
            self.open_link = None

    def handle_data(self, data):
        if self.open_id:
            self.texts[self.open_id] = self.texts.get(self.open_id, "") + data
        if self.open_link:
            self.links[data] = self.open_link
        if self.rows and data.strip():
            self.rows[-1].append(data)

    def form(self, *names):
        return next(form for form in self.forms if all(name in form["fields"] for name in names))


class Client:
    def __init__(self, lab, node, certificate):
        self.base = f"https://{node['address']}:{node['https_port']}"
        self.web = requests.Session()
        self.web.trust_env = False
        self.web.mount("https://", Adapter(certificate))
        self.release = float(".".join(lab["version"].split(".")[:2]))
        account = lab["platform"]
        with open(account["password_file"]) as file:
            self.account = (account["user"], file.read().strip())

    def get(self, path, **named):
        return self.web.get(urllib.parse.urljoin(self.base, path), timeout=30, **named)

    def post(self, path, **named):
        return self.web.post(urllib.parse.urljoin(self.base, path), timeout=30, **named)

    def log_in(self):
        self.get("/cmplatform").raise_for_status()
        path = "/cmplatform/j_security_check" if self.release >= 11 else "/cmplatform/WEB-INF/pages/j_security_check"
        fields = {"appNav": "cmplatform", "j_username": self.account[0], "j_password": self.account[1]}
        return self.post(path, data=fields, allow_redirects=False)

    def upload_file(self, name, content, page=None):
        """The status text, whether there was a token, and the page, whose form can be sent next."""
        form = (page or Page(self.get("/cmplatform/tftpFileUpload.do").text)).form("directory")
        parts = {key: (None, value) for key, value in form["fields"].items() if key not in ("file", "uploadFile")}
        parts["file"] = (name, content, "application/octet-stream")
        page = Page(self.post(form["action"], files=parts).text)
        return page.texts["status"], "token" in form["fields"], page

    def upload_certificate(self, pem):
        form = Page(self.get("/cmplatform/certificateUpload.do").text).form("NAME", "FILE")
        parts = {key: (None, value) for key, value in form["fields"].items() if key not in ("FILE", "upload")}
        parts |= {"NAME": (None, STORE), "FILE": ("token.pem", pem, "application/octet-stream")}
        return Page(self.post(form["action"], files=parts).text).texts["status"]

    def listed(self):
        form = Page(self.get("/cmplatform/certificateFindList.do").text).form("searchField", "findButton")
        search = {"searchField": "certificate", "searchOperator": "isExactly", "searchText": STORE}
        fields = form["fields"] | search | {"findButton": "Find", "rowsPerPage": "250"}
        page = Page(self.post(form["action"], data=fields).text)
        return {row[2]: page.links[row[2]] for row in page.rows if len(row) > 3 and row[0] == STORE}

    def delete(self, link):
        form = Page(self.get(link).text).form("unit", "delete")
        fields = {name: value for name, value in form["fields"].items() if name != "downloadPem"}
        answer = self.post(form["action"], data=fields)
        return Page(answer.text).texts["status"]

    def rest(self, method, path, **named):
        answer = requests.Session.request(
            self.web, method, self.base + REST + path, auth=self.account, timeout=30, allow_redirects=False, **named
        )
        return answer.status_code, answer.json() if "json" in answer.headers.get("Content-Type", "") else None


def pages(client, pem, content):
    result = {"login": client.log_in().status_code}
    result["upload"], result["token"], page = client.upload_file("plain.bin", content)
    result["next"] = client.upload_file("plain-2.bin", content, page)[0]
    result["certificate"] = client.upload_certificate(pem)
    found = client.listed()
    result["listed"] = sorted(found)
    result["delete"] = [client.delete(link) for link in found.values()]
    result["left"] = sorted(client.listed())
    return result


def rest(client, pem):
    def upload(*certificates, service=STORE):
        body = {"service": [service], "certificates": list(certificates), "description": "plain"}
        return client.rest("POST", "/trust/certificates", json=body)

    def listed():
        return client.rest("GET", "/trust/certificate", params={"service": STORE})

    result = {"empty": listed(), "upload": upload(pem.decode()), "again": upload(pem.decode())}
    status, entries = listed()
    result["listed"] = [status, [[entry["service"], entry["certificate"] == pem.decode()] for entry in entries or []]]
    result["junk"] = upload("-----BEGIN CERTIFICATE-----\njunk\n-----END CERTIFICATE-----\n")
    result["mixed"] = upload(pem.decode(), "junk")
    result["unknown"] = upload(pem.decode(), service="Coffee")
    result["text"] = client.rest("POST", "/trust/certificates", data="x", headers={"Content-Type": "text/plain"})
    result["malformed"] = client.rest("POST", "/trust/certificates", json={"service": STORE})
    result["method"] = client.rest("PUT", "/trust/certificates", json={})
    result["own"] = client.rest("GET", "/identity/certificates", params={"service": "tomcat"})
    names = [{"service": STORE, "name": entry["name"]} for entry in entries or []]
    result["delete"] = [client.rest("DELETE", "/trust/certificates", params=name)[0] for name in names * 2]
    result["left"] = listed()
    client.account = (client.account[0], "wrong")
    result["wrong"] = listed()
    return result


def main():
    with open(sys.argv[1], "rb") as file:
        (lab,) = tomllib.load(file)["clusters"].values()
    node = next(item for item in lab["nodes"] if item["name"] == sys.argv[2])
    folder = sys.argv[1].rsplit("/", 1)[0]
    client = Client(lab, node, f"{folder}/nodes/{node['name']}/keys/tomcat.pem")
    with open(sys.argv[3], "rb") as file:
        pem = file.read()
    with open(sys.argv[4], "rb") as file:
        content = file.read()
    web = pages(client, pem, content)
    status, body = client.rest("GET", "/trust/certificate", params={"service": STORE})
    json.dump({"pages": web, "rest": rest(client, pem) if status == 200 else None, "status": status, "body": body}, sys.stdout)


main()
