"""Stands in for pcscd where readers have to come and go, as USB tokens do: pcscd's own virtual readers cannot.

python3 smart-card-service.py SOCKET READERS

READERS is a file with a line for each reader: NAME|EVENTS|ATR|STATUS. ATR is empty for a reader without a card, and "mute"
for a card that does not answer; STATUS is what connecting to the card returns, as hexadecimal. It is read
again when it changes. A file "ready" beside the socket tells that it listens. The protocol is that of pcsc-lite 1.9 (winscard_msg.h), as far as status changes need it, and
letting go of a card.
"""
import itertools
import os
import socket
import struct
import sys
import threading
import time

ESTABLISH, RELEASE, CONNECT, CANCEL = 0x01, 0x02, 0x04, 0x0D
VERSION, STATES, WAIT, STOP_WAITING = 0x11, 0x12, 0x13, 0x14
CANCELLED = 0x80100002
lock = threading.Lock()
waiting = set()
contexts = itertools.count(4711)
address, path = sys.argv[1:]


def readers():
    with open(path) as file:
        return [line.rstrip("\n").split("|") for line in file]


def states():
    entries = b""
    for name, events, text, _ in readers():
        atr = b"" if text == "mute" else bytes.fromhex(text)
        state = 0x04 | 0x08 if text == "mute" else 0x04 | 0x10 | 0x20 if atr else 0x02
        entries += struct.pack("=128sIIi33s3xII", name.encode(), int(events), state, 0, atr, len(atr), 2)
    return entries.ljust(16 * 184, b"\0")


def status(name):
    return next(int(status, 16) for reader, _, _, status in readers() if reader == name)


def wake(reason):
    with lock:
        for client in waiting:
            client.sendall(struct.pack("=II", 0, reason))
        waiting.clear()


def receive(client, size):
    try:
        return client.recv(size, socket.MSG_WAITALL)
    except ConnectionResetError:
        return b""


def serve(client):
    while header := receive(client, 8):
        size, command = struct.unpack("=II", header)
        body = receive(client, size) if size else b""
        if command == STATES:
            client.sendall(states())
        elif command == WAIT:
            with lock:
                waiting.add(client)
                client.sendall(states())
        elif command == STOP_WAITING:
            with lock:
                # One that was woken meanwhile has had its answer.
                if client in waiting:
                    waiting.remove(client)
                    client.sendall(struct.pack("=II", 0, 0))
        elif command == CONNECT:
            name = body[4:132].split(b"\0")[0].decode()
            client.sendall(body[:-4] + struct.pack("=I", status(name)))
        else:
            if command == CANCEL:
                wake(CANCELLED)
            elif command == ESTABLISH:
                body = body[:4] + struct.pack("=I", next(contexts)) + body[8:]
            client.sendall(body)
    with lock:
        waiting.discard(client)


def notice():
    known = states()
    while True:
        time.sleep(0.02)
        try:
            now = states()
        except (OSError, ValueError):
            continue
        if now != known:
            known = now
            wake(0)


server = socket.socket(socket.AF_UNIX)
server.bind(address)
server.listen()
threading.Thread(target=notice, daemon=True).start()
open(os.path.join(os.path.dirname(address), "ready"), "w").close()
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
