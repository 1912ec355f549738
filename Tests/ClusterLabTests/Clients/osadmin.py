"""OS Administration of a node, driven step by step: osadmin.py CLUSTER.TOML NODE ACTION [ARGUMENTS]. Prints JSON."""

import re
import sys

from lab import Web, answer, load, node, password


def text_of(content, identity):
    match = re.search(rf'<div id="{identity}"[^>]*>(.*?)</div>', content.decode(), re.S)
    return match.group(1) if match else None


def token_of(content):
    match = re.search(r'name="token" value="([^"]*)"', content.decode())
    return match.group(1) if match else None


def open_login(web):
    status, headers, _ = web.request("GET", "/cmplatform")
    assert status == 302, status
    status, _, content = web.request("GET", headers["Location"])
    assert status == 200, status
    return re.search(r'<form[^>]*action="([^"]*)"', content.decode()).group(1)


def log_in(web, lab, secret=None, path=None):
    action = open_login(web)
    user = lab["platform"]["user"]
    fields = {"appNav": "cmplatform", "j_username": user, "j_password": secret or password(lab, "platform")}
    return action, web.form(path or action, fields)


def with_token(fields, token):
    extra = [] if token is None else [("struts.token.name", None, b"token"), ("token", None, token.encode())]
    return extra + fields


def upload(web, name, content, directory="", token="page"):
    _, _, page = web.request("GET", "/cmplatform/tftpFileUpload.do")
    given = token_of(page) if token == "page" else token
    fields = with_token([("file", name, content), ("directory", None, directory.encode())], given)
    status, _, page = web.multipart("/cmplatform/tftpFileUpload.do", fields)
    return status, text_of(page, "status"), given, token_of(page)


def rows_of(page):
    return re.findall(r'<tr><td>(.*?)</td><td>(.*?)</td><td><a href="(.*?)">(.*?)</a>', page.decode())


def fields_of(page, button):
    fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.decode()))
    return fields | {button: "pressed"}


def find(web):
    """All certificates: the list shows none before Find was pressed."""
    _, _, page = web.request("GET", "/cmplatform/certificateFindList.do")
    fields = fields_of(page, "findButton") | {"rowsPerPage": "250"}
    return rows_of(web.form("/cmplatform/certificateFindList.do", fields)[2])


def press(web, link, button):
    """The status of a certificate's page, and the answer to one of its buttons."""
    details, _, page = web.request("GET", link.replace("&amp;", "&"))
    return details, web.form("/cmplatform/certificateDetails.do", fields_of(page, button))


def main():
    lab = load(sys.argv[1])
    target = node(lab, sys.argv[2])
    action, arguments = sys.argv[3], sys.argv[4:]
    web = Web(target["address"], target["https_port"])

    if action == "login":
        used, (status, headers, content) = log_in(
            web, lab, arguments[0] if arguments else None, arguments[1] if len(arguments) > 1 else None
        )
        answer({"action": used, "status": status, "location": headers.get("Location"), "error": text_of(content, "error")})
        return
    if action == "lockout":
        errors = []
        for _ in range(4):
            _, (_, _, content) = log_in(web, lab, "wrong")
            errors.append(text_of(content, "error"))
        _, (status, _, content) = log_in(web, lab)
        answer({"errors": errors, "status": status, "error": text_of(content, "error")})
        return
    if action == "anonymous":
        web.cookies = {"JSESSIONID": "0123456789ABCDEF"}
        status, headers, _ = web.request("GET", "/cmplatform/tftpFileUpload.do")
        direct = Web(target["address"], target["https_port"])
        login = direct.form("/cmplatform/j_security_check", {"appNav": "cmplatform"})[0]
        answer({"status": status, "location": headers.get("Location"), "direct": login})
        return

    _, (status, _, content) = log_in(web, lab)
    assert status == 302, content
    if action == "upload":
        name, path = arguments[:2]
        with open(path, "rb") as file:
            status, text, _, _ = upload(web, name, file.read(), *arguments[2:])
        answer({"status": status, "text": text})
    elif action == "tokens":
        first = upload(web, "a.txt", b"one")
        reused = web.multipart(
            "/cmplatform/tftpFileUpload.do",
            with_token([("file", "b.txt", b"two"), ("directory", None, b"")], first[2]),
        )
        chained = web.multipart(
            "/cmplatform/tftpFileUpload.do",
            with_token([("file", "c.txt", b"three"), ("directory", None, b"")], token_of(reused[2])),
        )
        missing = web.multipart("/cmplatform/tftpFileUpload.do", [("file", "d.txt", b"4"), ("directory", None, b"")])
        answer(
            {
                "hasToken": first[2] is not None,
                "first": first[1],
                "reused": text_of(reused[2], "status"),
                "chained": text_of(chained[2], "status"),
                "missing": text_of(missing[2], "status"),
            }
        )
    elif action == "certificate":
        purpose, path = arguments
        _, _, page = web.request("GET", "/cmplatform/certificateUpload.do")
        with open(path, "rb") as file:
            fields = [("NAME", None, purpose.encode()), ("DESCRIPTION", None, b"test"), ("FILE", "c.pem", file.read())]
        status, _, page = web.multipart("/cmplatform/certificateUpload.do", with_token(fields, token_of(page)))
        answer({"status": status, "text": text_of(page, "status")})
    elif action == "certificates":
        _, _, page = web.request("GET", "/cmplatform/certificateFindList.do")
        before = len(rows_of(page))
        downloads = {}
        rows = find(web)
        for unit, _, link, file in rows:
            details, (status, _, pem) = press(web, link, "downloadPem")
            downloads[f"{unit}/{file}"] = [status, details, pem.decode()]
        answer({"rows": rows, "before": before, "downloads": downloads})
    elif action == "delete":
        links = [link for unit, _, link, file in find(web) if [unit, file] == arguments[:2]]
        if not links:
            return answer({"status": 404, "text": "Error: not listed"})
        _, (status, _, page) = press(web, links[0], "delete")
        answer({"status": status, "text": text_of(page, "status")})
    else:
        sys.exit(f"unknown action {action}")


main()
