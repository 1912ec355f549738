"""AXL and RIS of the publisher: soap.py CLUSTER.TOML axl OPERATION TAG TEXT | list PATTERN | raw SOAPACTION BODY | ris PATTERN. Prints JSON."""

import base64
import re
import sys
from xml.sax.saxutils import escape

from lab import Web, answer, load, password

ENVELOPE = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns="{}">'
    "<soapenv:Header/><soapenv:Body>{}</soapenv:Body></soapenv:Envelope>"
)


def post(web, lab, path, action, body, secret=None):
    user = lab["application"]["user"]
    secret = secret or password(lab, "application")
    headers = {
        "Authorization": "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode(),
        "SOAPAction": action,
        "Content-Type": "text/xml; charset=utf-8",
    }
    status, _, content = web.request("POST", path, body, headers)
    return status, content.decode()


def main():
    lab = load(sys.argv[1])
    publisher = next(item for item in lab["nodes"] if item.get("publisher"))
    web = Web(publisher["address"], publisher["https_port"])
    mode, arguments = sys.argv[2], sys.argv[3:]
    if mode == "axl":
        operation, tag, text = arguments
        body = f"<ns:{operation}><{tag}>{escape(text)}</{tag}></ns:{operation}>"
        namespace = "http://www.cisco.com/AXL/API/10.5"
        action = f'"CUCM:DB ver=10.5 {operation}"'
        status, content = post(web, lab, "/axl/", action, ENVELOPE.format(namespace, body))
    elif mode == "list":
        body = (
            f"<ns:listPhone><searchCriteria><name>{escape(arguments[0])}</name></searchCriteria>"
            "<returnedTags><name/><model/></returnedTags></ns:listPhone>"
        )
        envelope = ENVELOPE.format("http://www.cisco.com/AXL/API/10.5", body)
        status, content = post(web, lab, "/axl/", '"CUCM:DB ver=10.5 listPhone"', envelope)
    elif mode == "raw":
        status, content = post(web, lab, "/axl/", arguments[0], arguments[1], *arguments[2:])
    else:
        items = f"<ns:item><ns:Item>{arguments[0]}</ns:Item></ns:item>"
        body = (
            "<ns:selectCmDevice><ns:StateInfo/><ns:CmSelectionCriteria><ns:MaxReturnedDevices>1000</ns:MaxReturnedDevices>"
            "<ns:DeviceClass>Phone</ns:DeviceClass><ns:Model>255</ns:Model><ns:Status>Any</ns:Status>"
            f"<ns:NodeName/><ns:SelectBy>Name</ns:SelectBy><ns:SelectItems>{items}</ns:SelectItems>"
            "<ns:Protocol>Any</ns:Protocol><ns:DownloadStatus>Any</ns:DownloadStatus></ns:CmSelectionCriteria>"
            "</ns:selectCmDevice>"
        )
        status, content = post(
            web,
            lab,
            "/realtimeservice2/services/RISService70",
            "selectCmDevice",
            ENVELOPE.format("http://schemas.cisco.com/ast/soap", body),
        )
    fault = re.search(r"<faultstring>(.*?)</faultstring>", content)
    rows = [dict(re.findall(r"<(\w+)>([^<]*)</\1>", row)) for row in re.findall(r"<(?:row|phone [^>]*)>(.*?)</(?:row|phone)>", content)]
    devices = re.findall(
        r"<ns1:Name>(SEP\w+)</ns1:Name>.*?<ns1:Model>(\d+)</ns1:Model>.*?<ns1:Status>(\w+)</ns1:Status>"
        r".*?<ns1:IP>([\d.]+)</ns1:IP>",
        content,
    )
    total = re.search(r"<ns1:TotalDevicesFound>(\d+)<", content)
    count = len(re.findall(r"<ns1:Product>", content))
    answer({"total": total and int(total.group(1)), "count": count, "status": status, "fault": fault.group(1) if fault else None, "rows": rows, "devices": devices})


main()
