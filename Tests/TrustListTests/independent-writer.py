#!/usr/bin/python3
"""Writes trust lists from docs/trust-list-format.md alone, and reads them; it shares nothing with the Swift code.

independent-writer.py write FOLDER   makes NAME.tlv, and NAME.json with every field that went into it
independent-writer.py check FILE     reads a file, checks its structure and signature, prints what it holds as JSON
"""
import datetime
import hashlib
import json
import os
import struct
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

DIGESTS = {1: hashes.SHA1(), 2: hashes.SHA256(), 3: hashes.SHA512()}
MODULI = {0: 512, 1: 1024, 2: 2048, 3: 4096}
OIDS = {"CN": NameOID.COMMON_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME, "O": NameOID.ORGANIZATION_NAME,
        "L": NameOID.LOCALITY_NAME, "ST": NameOID.STATE_OR_PROVINCE_NAME, "C": NameOID.COUNTRY_NAME}


def tlv(tag, value):
    return bytes([tag]) + struct.pack(">H", len(value)) + value


def text(value):
    return value.encode() + b"\0"


def make_certificate(key, pairs, serial):
    name = x509.Name([x509.NameAttribute(OIDS[kind], value) for kind, value in pairs])
    # RSA-512 cannot carry a larger digest than SHA-1; the records do not care.
    digest = hashes.SHA256() if isinstance(key, ec.EllipticCurvePrivateKey) or key.key_size > 512 else hashes.SHA1()
    return (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(serial).not_valid_before(datetime.datetime(2014, 1, 1))
            .not_valid_after(datetime.datetime(2034, 1, 1)).sign(key, digest))


def raw_key(key):
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.public_key().public_bytes(serialization.Encoding.X962,
                                             serialization.PublicFormat.UncompressedPoint)
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)


def serial_bytes(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


class Entity:
    def __init__(self, key, pairs, serial):
        self.key = key
        self.certificate = make_certificate(key, pairs, serial)
        self.der = self.certificate.public_bytes(serialization.Encoding.DER)
        self.name = ";".join(f"{kind}={value}" for kind in OIDS for k, value in pairs if k == kind)
        self.serial = serial_bytes(serial)


def record(entity, role, dns, ip, *, signature=True, order=None, hash_only=False, extra=(), padding_bytes=0):
    """A record's bytes and its description. `order` lists the tags in the order in which they stand."""
    values = {2: text(dns), 3: text(entity.name), 4: struct.pack(">H", role), 5: text(entity.name), 6: entity.serial,
              7: raw_key(entity.key), 9: entity.der, 10: bytes(ip)}
    if signature:
        values[8] = entity.certificate.signature
    if hash_only:
        for tag in (7, 8, 9):
            values.pop(tag, None)
        values[11] = hashlib.sha256(entity.der).digest()
        values[12] = b"\x02"
    for tag, value in extra:
        values[tag] = value
    tags = [tag for tag in (order or sorted(values)) if tag in values]
    body = b"".join(tlv(tag, values[tag]) for tag in tags) + b"\x0d" * padding_bytes
    length = 5 + len(body)
    described = {"length": length, "fields": {str(tag): values[tag].hex() for tag in tags}, "order": [1] + tags}
    return tlv(1, struct.pack(">H", length)) + body, described


def header(signer, digest, modulus, records, *, name="CTLFile.tlv", names_first=(4, 5, 6), signer_version=None,
           timestamp=1425671113, unpadded=False):
    def build(length, signature):
        parts = {4: text(signer.name), 5: signer.serial, 6: text(signer.name)}
        identity = b"".join(tlv(tag, parts[tag]) for tag in names_first)
        out = tlv(1, b"\x01\x02") + tlv(2, struct.pack(">H", length))
        if signer_version:
            out += tlv(28, signer_version)
        out += bytes([3]) + struct.pack(">H", len(identity)) + identity
        out += bytes([7]) + struct.pack(">H", 15) + tlv(8, bytes([digest]))
        out += bytes([9]) + struct.pack(">H", 8) + tlv(10, b"\0") + tlv(11, bytes([modulus]))
        before = len(out)
        out += tlv(12, signature)
        out += tlv(14, text(name)) + tlv(15, struct.pack(">I", timestamp))
        return out, before
    blank = b"\0" * (MODULI[modulus] // 8)
    bare, before = build(0, blank)
    pad = b"" if unpadded else b"\x0d" * (-len(bare) % 4)
    whole, before = build(len(bare) + len(pad), blank)
    body = b"".join(records)
    message = whole[:before] + whole[before + 3 + len(blank):] + pad + body
    signature = signer.key.sign(message, padding.PKCS1v15(), DIGESTS[digest])
    whole, _ = build(len(bare) + len(pad), signature)
    described = {"length": len(whole) + len(pad), "signerName": signer.name, "caName": signer.name,
                 "serial": signer.serial.hex(), "digest": digest, "modulusBits": MODULI[modulus],
                 "signature": signature.hex(), "fileName": name, "timestamp": timestamp}
    return whole + pad + body, described


def files():
    server = [("L", "Krakow"), ("ST", "Malopolska"), ("CN", "cucm-pub"), ("OU", "TAC"), ("O", "Cisco"), ("C", "PL")]
    keys = {bits: rsa.generate_private_key(65537, bits) for bits in MODULI.values()}
    curve = ec.generate_private_key(ec.SECP384R1())
    ip = [10, 48, 47, 153]
    certutils = [4, 3, 5, 6, 7, 9, 11, 12]
    for code, bits in MODULI.items():
        for digest in DIGESTS:
            if bits == 512 and digest == 3:
                continue  # the digest does not fit into the key
            signer = Entity(keys[bits], server, 0x70CAF64E090751B9DF22F49F754FC5BB + bits + digest)
            parts = [record(signer, 0, "cucm-pub", ip), record(signer, 2, "cucm-pub", ip)]
            data, head = header(signer, digest, code, [part[0] for part in parts])
            yield f"rsa{bits}-digest{digest}", data, head, parts, []
    signer = Entity(keys[2048], server, 0x0A0B)
    other = Entity(curve, [("CN", "ec-host"), ("O", "Cisco")], 0x70)
    parts = [record(signer, 0, "", [0, 0, 0, 0], signature=False), record(other, 21, "ec-host", ip, signature=False)]
    data, head = header(signer, 2, 2, [part[0] for part in parts], name="ITLFile.tlv")
    yield "elliptic-curve-itl", data, head, parts, []
    parts = [record(signer, 0, "", ip, signature=False, order=certutils),
             record(signer, 2, "", ip, signature=False, order=certutils, hash_only=True)]
    data, head = header(signer, 1, 2, [part[0] for part in parts], names_first=(4, 6, 5), signer_version=b"\x01\x00")
    yield "other-tools-order", data, head, parts, ["no-certificate"]
    parts = [record(signer, 0, "a", ip, padding_bytes=3), record(signer, 4242, "b", ip),
             record(signer, 4, "c", ip, extra=[(99, b"\x01\x02\x03")])]
    data, head = header(signer, 3, 2, [part[0] for part in parts])
    yield "unknown-things", data, head, parts, ["unknown-role", "unknown-field"]
    for length in range(1, 5):
        lone = Entity(keys[1024], [("CN", "x" * length)], 0x01)
        parts = [record(lone, 0, "", [0, 0, 0, 0])]
        data, head = header(lone, 1, 1, [part[0] for part in parts], unpadded=True)
        if head["length"] % 4:
            break
    yield "unpadded-header", data, head, parts, ["unpadded-header"]


def write(folder):
    for name, data, head, parts, warnings in files():
        with open(os.path.join(folder, name + ".tlv"), "wb") as out:
            out.write(data)
        with open(os.path.join(folder, name + ".json"), "w") as out:
            json.dump({"length": len(data), "header": head, "records": [part[1] for part in parts],
                       "warnings": warnings}, out)


def check(path):
    data = open(path, "rb").read()
    length = struct.unpack(">H", data[8:10])[0]
    assert data[:5] == b"\x01\x00\x02\x01\x02" and data[5:8] == b"\x02\x00\x02", "not a trust list"
    fields, offset, cut = {}, 0, None
    while offset < length:
        tag = data[offset]
        if tag == 13:
            offset += 1
            continue
        size = struct.unpack(">H", data[offset + 1:offset + 3])[0]
        if tag in (3, 7, 9):
            offset += 3
            continue
        if tag == 12:
            cut = (offset, offset + 3 + size)
        fields[tag] = data[offset + 3:offset + 3 + size]
        offset += 3 + size
    assert offset == length and length % 4 == 0, "the header does not end where it says"
    records = []
    while offset < len(data):
        size = struct.unpack(">H", data[offset + 3:offset + 5])[0]
        values, inner = {}, offset + 5
        while inner < offset + size:
            inner_size = struct.unpack(">H", data[inner + 1:inner + 3])[0]
            values[data[inner]] = data[inner + 3:inner + 3 + inner_size]
            inner += 3 + inner_size
        assert inner == offset + size, "a record does not end where it says"
        records.append(values)
        offset += size
    signer = next(r for r in records if r[4] == b"\0\0" and r[6] == fields[5] and r[5] == fields[6])
    certificate = x509.load_der_x509_certificate(signer[9])
    certificate.public_key().verify(fields[12], data[:cut[0]] + data[cut[1]:], padding.PKCS1v15(),
                                    DIGESTS[fields[8][0]])
    print(json.dumps({"records": len(records), "signer": fields[4][:-1].decode(), "roles": [r[4].hex() for r in records]}))


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]](sys.argv[2])
