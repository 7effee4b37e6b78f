"""A real mail server for the tests: aiosmtpd with TLS or STARTTLS, a password, greylisting and refusals.

Arguments: how (plain, start-tls, tls), port, certificate, key, the file for what was taken, the password.
"""

import email
import email.policy
import json
import signal
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

how, port, certificate, key, taken, password = sys.argv[1:7]


class Handler:
    def __init__(self):
        self.seen = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 no such user"
        if address.startswith("grey") and address not in self.seen:
            self.seen.add(address)
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        told = {
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": bool(session.authenticated),
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": sorted(name for name in message),
            "subject": message["subject"],
            "id": message["message-id"],
            "date": message["date"].datetime.isoformat(),
            "body": message.get_content(),
        }
        with open(taken, "a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")
        return "250 taken as 7"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == b"rollouts" and data.password == password.encode()
    # Refused without a word of its own, so that the server says 535.
    return AuthResult(success=good, handled=good)


def context():
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(certificate, key)
    return made


options = {}
if how != "plain":
    options = {"authenticator": authenticate, "auth_required": True}
if how == "start-tls":
    options |= {"tls_context": context(), "require_starttls": True}
if how == "tls":
    options |= {"auth_require_tls": False}


class Server(Controller):
    def factory(self):
        return SMTP(self.handler, **options)


secure = {"ssl_context": context()} if how == "tls" else {}
Server(Handler(), hostname="127.0.0.1", port=int(port), server_hostname="localhost", **secure).start()
signal.sigwait({signal.SIGTERM, signal.SIGINT})
