"""Asks TVS over a TLS connection: tvs.py CLUSTER.TOML MODE [ARGUMENTS]. Prints JSON."""

import socket
import ssl
import struct
import sys

from lab import answer, load


def element(tag, value):
    return struct.pack(">BH", tag, len(value)) + value


def message(command, session, body):
    return b"\x57\x01" + struct.pack(">BBIH", command, 0, session, len(body)) + body


def receive(stream, count):
    data = b""
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def exchange(stream, request):
    stream.sendall(request)
    head = receive(stream, 10)
    assert head[:2] == b"\x57\x01", head
    command, _, session, length = struct.unpack(">BBIH", head[2:])
    body = receive(stream, length)
    elements = {}
    while body:
        tag, size = struct.unpack(">BH", body[:3])
        elements[tag] = body[3 : 3 + size].hex()
        body = body[3 + size :]
    return {"command": command, "session": session, "elements": elements}


def connect(lab):
    node = next(item for item in lab["nodes"] if item.get("publisher"))
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection((node["address"], node["tvs_port"]), timeout=10))


DEVICE = element(1, b"\x01CP-8861-SEPB000B4BA0AEE")


def query(session, subject, issuer, serial):
    body = DEVICE + element(3, subject.encode() + b"\0") + element(4, issuer.encode() + b"\0")
    return message(3, session, body + element(5, bytes.fromhex(serial)))


def main():
    lab = load(sys.argv[1])
    mode, arguments = sys.argv[2], sys.argv[3:]
    with connect(lab) as stream:
        if mode == "query":
            # The same question twice on one connection.
            request = query(0x01020304, *arguments)
            first = exchange(stream, request)
            answer({"first": first, "again": exchange(stream, request) == first})
        elif mode == "verify":
            with open(arguments[0], "rb") as file:
                der = ssl.PEM_cert_to_DER_cert(file.read().decode())
            answer(exchange(stream, message(1, 7, DEVICE + element(2, der))))
        elif mode == "raw":
            stream.sendall(bytes.fromhex(arguments[0]))
            try:
                answer({"closed": False, "data": receive(stream, 1).hex()})
            except (EOFError, ConnectionError, ssl.SSLError):
                answer({"closed": True})


main()
