"""A TFTP server, and someone on another address who sends data to its client. Arguments: address, the other address.
Prints `port N`, and `intruded` once the other one has sent its data."""
import socket
import struct
import sys
import time


def bound(address):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((address, 0))
    return made


def data(block, content):
    return struct.pack("!HH", 3, block) + content


listening, answering, intruder = bound(sys.argv[1]), bound(sys.argv[1]), bound(sys.argv[2])
print("port", listening.getsockname()[1], flush=True)
request, client = listening.recvfrom(2000)
# Before the first block, and again before the second: each time faster than the server.
intruder.sendto(data(1, b"x" * 512), client)
time.sleep(0.3)
answering.sendto(data(1, b"g" * 512), client)
answering.recvfrom(2000)
intruder.sendto(data(2, b"x" * 50), client)
print("intruded", flush=True)
time.sleep(0.3)
answering.sendto(data(2, b"g" * 100), client)
answering.recvfrom(2000)
