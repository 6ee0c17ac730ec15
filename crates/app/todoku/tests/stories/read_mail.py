"""Reads a message from standard input with Python's own parser, and verifies its DKIM signatures (RFC 6376) with dkimpy.

The keys are asked for at the name server 127.0.0.1, port argv[1]. Prints one JSON object.
"""

import email
import email.policy
import json
import sys

import dkim
import dns.resolver

DNS = dns.resolver.Resolver(configure=False)
DNS.nameservers = ["127.0.0.1"]
DNS.port = int(sys.argv[1])


def ask(name, timeout=5):
    answer = DNS.resolve(name.decode("ascii"), "TXT", lifetime=timeout)
    return b"".join(answer[0].strings)


def holds(message, nth):
    try:
        return dkim.DKIM(message).verify(idx=nth, dnsfunc=ask)
    except dkim.DKIMException as error:
        print(error, file=sys.stderr)
        return False


raw = sys.stdin.buffer.read()
altered = raw.rstrip() + b"!\r\n"
mail = email.message_from_bytes(raw, policy=email.policy.default)
signatures = {}
for nth, field in enumerate(mail.get_all("DKIM-Signature", [])):
    tags = dict(tag.strip().split("=", 1) for tag in "".join(str(field).split()).rstrip(";").split(";"))
    signatures[tags["a"]] = {"d": tags["d"], "holds": holds(raw, nth), "holds_altered": holds(altered, nth)}

print(json.dumps({
    "signatures": signatures,
    "subject": str(mail["Subject"]),
    "from": str(mail["From"]),
    "to": str(mail["To"]),
    "return_path": str(mail["Return-Path"]),
    "received": str(mail.get_all("Received", [""])[0]),
    "list_unsubscribe": str(mail["List-Unsubscribe"]),
    "list_unsubscribe_post": str(mail["List-Unsubscribe-Post"]),
    "text": mail.get_body(("plain",)).get_content(),
    "lines_max": max(len(line) for line in raw.split(b"\r\n")),
}))
