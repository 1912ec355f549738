"""A Trust Verification Service for tests, from docs/cluster-interfaces.md alone. Arguments: address, certificate, key, and the DER
file of the one certificate that it vouches for; `legacy` as a fifth one makes it as old as can be. A device name that holds a word makes it misbehave in that way."""
import socket
import ssl
import struct
import sys
import threading

DER = open(sys.argv[4], "rb").read()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
if "legacy" in sys.argv[5:]:
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("AES256-SHA:@SECLEVEL=0")
context.load_cert_chain(sys.argv[2], sys.argv[3])


def tlv(tag, value):
    return struct.pack(">BH", tag, len(value)) + value


def read(peer, count):
    data = b""
    while len(data) < count:
        part = peer.recv(count - len(data))
        if not part:
            raise OSError("closed")
        data += part
    return data


def serve(raw):
    try:
        with context.wrap_socket(raw, server_side=True) as peer:
            head = read(peer, 10)
            magic, command, _, session, size = struct.unpack(">HBBIH", head)
            assert magic == 0x5701
            body, elements = read(peer, size), {}
            while body:
                tag, length = struct.unpack(">BH", body[:3])
                elements[tag], body = body[3:3 + length], body[3 + length:]
            print("question", command, sorted(elements), elements[1], flush=True)
            device = elements[1][1:].decode()
            if command == 1:
                valid = elements[2] == DER
                answer = b""
            else:
                valid = elements[3] == b"cn=subject\0" and elements[4] == b"cn=issuer\0" and elements[5] == b"\x83\xe9"
                answer = tlv(2, DER) if valid else b""
            answer = tlv(7, bytes([0 if valid else 1])) + (answer + tlv(8, b"\x00\x15") + tlv(9, struct.pack(">I", 86400)) if valid else b"")
            command += 1
            if "twice" in device:
                answer += tlv(7, b"\0")
            if "nostatus" in device:
                answer = b""
            if "badcert" in device:
                answer = tlv(7, b"\0") + tlv(2, b"junk")
            if "session" in device:
                session ^= 1
            if "command" in device:
                command = 9
            reply = struct.pack(">HBBIH", 0x5701, command, 0, session, len(answer)) + answer
            if "magic" in device:
                reply = b"HTTP/1.1 400 Bad"
            if "huge" in device:
                reply = struct.pack(">HBBIH", 0x5701, command, 0, session, 65535)
            if "cut" in device:
                reply = reply[:-1]
            peer.sendall(reply)
    except (OSError, AssertionError) as error:
        print("error", error, flush=True)


listener = socket.create_server((sys.argv[1], 0))
print("port", listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
