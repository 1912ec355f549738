"""Writes what curl needs to ask a lab for the pages that `phones list` reads: axl-pages.py LAB FOLDER

FOLDER gets a request for each page, and `curl.conf`, which stores the answers as FOLDER/answer-N.xml, all over one
connection. The names that RIS is asked for are those that AXL returns, so the pages of AXL are fetched once here. The
cluster's certificate is not checked, which is in the peer's favour."""
import os
import re
import ssl
import sys
import base64
import http.client
import tomllib

LAB, FOLDER = sys.argv[1:3]
PAGE = 1000
with open(f"{LAB}/cluster.toml", "rb") as file:
    (cluster,) = tomllib.load(file)["clusters"].values()
node = next(node for node in cluster["nodes"] if node.get("publisher"))
user = cluster["application"]["user"]
with open(cluster["application"]["password_file"]) as file:
    password = file.read().strip()
version = ".".join(cluster["version"].split(".")[:2])
base = f"https://{node['address']}:{node['https_port']}"
QUERY = ("select skip {} first {} name, tkmodel, fkdevicepool, fksecurityprofile, specialloadinformation as load from device "
         "where tkclass = 1 order by name")


def envelope(namespace, body):
    return ('<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
            f'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns="{namespace}"><soapenv:Header/>'
            f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>")


connection = http.client.HTTPSConnection(
    node["address"], node["https_port"], context=ssl._create_unverified_context(), timeout=120)
basic = base64.b64encode(f"{user}:{password}".encode()).decode()
requests, names, skip = [], [], 0
while True:
    action = f"CUCM:DB ver={version} executeSQLQuery"
    body = envelope(f"http://www.cisco.com/AXL/API/{version}",
                    f"<ns:executeSQLQuery><sql>{QUERY.format(skip, PAGE)}</sql></ns:executeSQLQuery>")
    connection.request("POST", "/axl/", body, {
        "SOAPAction": f'"{action}"', "Authorization": f"Basic {basic}", "Content-Type": "text/xml; charset=utf-8"})
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status != 200:
        sys.exit(f"axl-pages: HTTP status {answer.status}: {text[:300]}")
    page = re.findall("<name>([^<]*)</name>", text)
    requests.append(("/axl/", action, body))
    if page:
        items = "".join(f"<ns:item><ns:Item>{name}</ns:Item></ns:item>" for name in page)
        requests.append(("/realtimeservice2/services/RISService70", "selectCmDevice", envelope(
            "http://schemas.cisco.com/ast/soap",
            "<ns:selectCmDevice><ns:StateInfo></ns:StateInfo><ns:CmSelectionCriteria>"
            "<ns:MaxReturnedDevices>1000</ns:MaxReturnedDevices><ns:DeviceClass>Phone</ns:DeviceClass>"
            "<ns:Model>255</ns:Model><ns:Status>Any</ns:Status><ns:NodeName></ns:NodeName><ns:SelectBy>Name</ns:SelectBy>"
            f"<ns:SelectItems>{items}</ns:SelectItems><ns:Protocol>Any</ns:Protocol>"
            "<ns:DownloadStatus>Any</ns:DownloadStatus></ns:CmSelectionCriteria></ns:selectCmDevice>")))
    skip += len(page)
    names += page
    if len(page) < PAGE:
        break

os.makedirs(FOLDER, exist_ok=True)
blocks = []
for number, (path, action, body) in enumerate(requests):
    with open(f"{FOLDER}/request-{number}.xml", "w") as file:
        file.write(body)
    blocks.append("\n".join([
        f'url = "{base}{path}"', "insecure", "silent", "fail", f'user = "{user}:{password}"',
        'header = "Content-Type: text/xml; charset=utf-8"', f'header = "SOAPAction: \\"{action}\\""',
        f'data-binary = "@{FOLDER}/request-{number}.xml"', f'output = "{FOLDER}/answer-{number}.xml"']))
old = os.umask(0o077)
with open(f"{FOLDER}/curl.conf", "w") as file:
    file.write("\nnext\n".join(blocks) + "\n")
print(f"{len(requests)} pages, {len(names)} phones")
