"""pysaml2 (PyPI) as a SAML identity provider on a loopback port, for the tests.

Usage: pysaml2_idp.py. Prints one JSON line {"entity_id", "metadata_url", "origin"} when it answers. Each JSON line on
standard input declares a service provider, {"metadata": its published metadata, "sign": "assertion"|"response"|"both",
"encrypt": bool}, and is answered with {"declared": entity id}; a later one replaces an earlier one of the same entity.
The form has `username` and `password` (alice / alice-password, bob / bob-password). Encryption is AES-256-GCM under
RSA-OAEP, to the key in the service provider's metadata. Ends when standard input closes.
"""

import functools
import html
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.parse

import saml2.entity
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, saml
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.config import IdPConfig
from saml2.md import entity_descriptor_from_string
from saml2.metadata import entity_descriptor
from saml2.server import Server
from saml2.sigver import pre_encryption_part
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

USERS = {
    "alice": {"mail": ["alice@example.org"], "displayName": ["Alice Example"], "groups": ["staff", "admins"]},
    "bob": {"mail": ["bob@example.org"], "displayName": ["Bób Example"], "groups": ["staff"]},
}
AES256_GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
ATTRIBUTES = {
    "MAP": {
        "identifier": "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
        "fro": {name: name for name in USERS["alice"]},
        "to": {name: name for name in USERS["alice"]},
    }
}


class Provider:
    """What is declared, and the pysaml2 server that knows it."""

    def __init__(self, work, origin):
        self.work = work
        self.origin = origin
        self.entity_id = f"{origin}/metadata"
        self.lock = threading.Lock()
        self.declared = {}
        self.server = self.with_known({})
        self.metadata = str(entity_descriptor(self.server.config)).encode()
        # pysaml2 would take 3DES: AES-GCM is what its users configure by hand in just this way.
        saml2.entity.pre_encryption_part = functools.partial(pre_encryption_part, msg_enc=AES256_GCM)

    def with_known(self, documents):
        """A server that knows these metadata documents (entity id to text)."""
        config = IdPConfig().load(
            {
                "entityid": self.entity_id,
                "xmlsec_binary": shutil.which("xmlsec1"),
                "key_file": f"{self.work}/idp.key",
                "cert_file": f"{self.work}/idp.crt",
                "attribute_map_dir": f"{self.work}/attributes",
                "metadata": {"inline": list(documents.values())} if documents else {},
                "service": {
                    "idp": {
                        "endpoints": {
                            "single_sign_on_service": [
                                (f"{self.origin}/sso", BINDING_HTTP_REDIRECT),
                                (f"{self.origin}/sso", BINDING_HTTP_POST),
                            ],
                        },
                        "name_id_format": [saml.NAMEID_FORMAT_PERSISTENT],
                        "policy": {
                            "default": {
                                "lifetime": {"minutes": 5},
                                "name_form": ATTRIBUTES["MAP"]["identifier"],
                                "attribute_restrictions": None,
                            }
                        },
                    }
                },
            }
        )
        server = Server(config=config)
        encrypt = server.sec.encrypt_assertion
        server.sec.encrypt_assertion = functools.partial(encrypt, key_type="aes-256")
        return server

    def declare(self, asked):
        document = asked["metadata"]
        entity_id = entity_descriptor_from_string(document).entity_id
        with self.lock:
            changed = self.declared.get(entity_id, {}).get("metadata") != document
            self.declared[entity_id] = asked
            if changed:
                self.server = self.with_known({name: sp["metadata"] for name, sp in self.declared.items()})
        return entity_id

    def read(self, message, binding):
        """The request, which pysaml2 checks: destination, issuer known, signature where there is one."""
        with self.lock:
            return self.server.parse_authn_request(message, binding).message

    def answer(self, message, binding, relay_state, user):
        """The page that posts the response."""
        request = self.read(message, binding)
        sp_entity_id = request.issuer.text
        with self.lock:
            sp = self.declared[sp_entity_id]
            arguments = self.server.response_args(request, [BINDING_HTTP_POST])
            sign = sp.get("sign", "both")
            response = self.server.create_authn_response(
                USERS[user],
                in_response_to=arguments["in_response_to"],
                destination=arguments["destination"],
                sp_entity_id=sp_entity_id,
                name_id=saml.NameID(format=saml.NAMEID_FORMAT_PERSISTENT, text=f"{user}-at-pysaml2"),
                authn={"class_ref": PASSWORDPROTECTEDTRANSPORT},
                sign_response=sign != "assertion",
                sign_assertion=sign != "response",
                encrypt_assertion=bool(sp.get("encrypt")),
                encrypt_assertion_self_contained=True,
                sign_alg=SIG_RSA_SHA256,
                digest_alg=DIGEST_SHA256,
            )
            page = self.server.apply_binding(
                BINDING_HTTP_POST, str(response), arguments["destination"], relay_state, response=True
            )
        return page["data"]


def handler(provider):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def reply(self, status, kind, body):
            body = body if isinstance(body, bytes) else body.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def respond(self, fields):
            try:
                self.reply(200, "text/html; charset=utf-8", self.page(fields))
            except Exception as error:  # whatever it is, the browser shows it and the test fails with it
                self.reply(400, "text/plain; charset=utf-8", f"{type(error).__name__}: {error}")

        def page(self, fields):
            asked = {name: values[0] for name, values in fields.items()}
            binding = asked.get("binding") or (BINDING_HTTP_POST if self.command == "POST" else BINDING_HTTP_REDIRECT)
            relay_state = asked.get("RelayState", "")
            user = asked.get("username")
            if user in USERS and asked.get("password") == f"{user}-password":
                return provider.answer(asked["SAMLRequest"], binding, relay_state, user)
            provider.read(asked["SAMLRequest"], binding)
            hidden = {"SAMLRequest": asked["SAMLRequest"], "RelayState": relay_state, "binding": binding}
            fields = "".join(f'<input type="hidden" name="{n}" value="{html.escape(v)}">' for n, v in hidden.items())
            return (
                f'<!doctype html><title>Sign in</title><form method="post" action="/login">{fields}'
                '<input name="username"><input name="password" type="password"><button>Sign in</button></form>'
            )

        def do_GET(self):
            url = urllib.parse.urlsplit(self.path)
            if url.path == "/metadata":
                self.reply(200, "application/samlmetadata+xml", provider.metadata)
            elif url.path == "/sso":
                self.respond(urllib.parse.parse_qs(url.query))
            else:
                self.reply(404, "text/plain", "not found")

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.respond(urllib.parse.parse_qs(body))

    return Handler


def main():
    work = tempfile.mkdtemp(prefix="fedgate-pysaml2.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-sha256", "-nodes", "-days", "30"]
            + ["-subj", "/CN=pysaml2 for tests", "-keyout", f"{work}/idp.key", "-out", f"{work}/idp.crt"],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.mkdir(f"{work}/attributes")
        with open(f"{work}/attributes/basic.py", "w", encoding="utf-8") as file:
            file.write(f"MAP = {ATTRIBUTES['MAP']!r}\n")
        listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), None)
        listener.daemon_threads = True
        origin = f"http://127.0.0.1:{listener.server_address[1]}"
        provider = Provider(work, origin)
        listener.RequestHandlerClass = handler(provider)
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        ready = {"entity_id": provider.entity_id, "metadata_url": f"{origin}/metadata", "origin": origin}
        print(json.dumps(ready), flush=True)
        for line in sys.stdin:
            print(json.dumps({"declared": provider.declare(json.loads(line))}), flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
