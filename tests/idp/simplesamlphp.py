"""Runs Debian's SimpleSAMLphp as a SAML identity provider on a loopback port, for the tests.

Usage: simplesamlphp.py '{"port": 0, "service_providers": [SP…], "users": {…}}', every member optional. An SP is
{"sp_entity_id", "acs_url", "sign": "assertion"|"response"|"both", "name_id": "persistent"|"emailAddress"|"transient",
"slo_url", "certificate", "signed_requests", "encrypt", "content"}; the first two are required, "both" and "persistent" are
the defaults. "content" is the algorithm of encrypted assertions, from then on and for all; without it AES-128-CBC. Prints
one JSON line {"entity_id", "metadata_url", "origin"} when it answers. Each further SP that arrives as a JSON line on
standard input is declared at once and answered with {"declared": entity id}. Ends when standard input closes, or with
its parent.
"""

import ctypes
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
WWW = "/usr/share/simplesamlphp/www"
USERS = {
    "alice": {
        "password": "alice-password",
        "attributes": {
            "mail": ["alice@example.org"],
            "displayName": ["Alice Example"],
            "givenName": ["Alice"],
            "sn": ["Example"],
            "groups": ["staff", "admins"],
        },
    },
    "bob": {
        "password": "bob-password",
        "attributes": {
            "mail": ["bob@example.org"],
            "displayName": ["Bób Example"],
            "givenName": ["Bób"],
            "sn": ["Example"],
            "groups": ["staff"],
        },
    },
}


def with_defaults(sp):
    return {"sign": "both", "name_id": "persistent"} | sp


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def die_with_parent():
    """In the child, before exec: PHP must not outlive this script, even when that is killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def write(settings):
    path = os.path.join(settings["dir"], "settings.json")
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(settings, file)
    os.rename(path + ".new", path)
    return path


def answers(url, server, log):
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                if response.status == 200:
                    return
        except OSError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                with open(log, encoding="utf-8", errors="replace") as lines:
                    sys.exit(f"SimpleSAMLphp does not answer: {error}\n{lines.read()}")
            time.sleep(0.05)


def main():
    asked = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    origin = f"http://127.0.0.1:{asked.get('port') or free_port()}"
    work = tempfile.mkdtemp(prefix="fedgate-simplesamlphp.")
    server = None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        os.mkdir(os.path.join(work, "tmp"))
        settings = {
            "dir": work,
            "origin": origin,
            "entity_id": f"{origin}/saml2/idp/metadata.php",
            "salt": secrets.token_hex(16),
            "users": asked.get("users", USERS),
            "service_providers": [with_defaults(sp) for sp in asked.get("service_providers", [])],
        }
        path = write(settings)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-sha256", "-nodes", "-days", "30"]
            + ["-subj", "/CN=SimpleSAMLphp for tests", "-keyout", f"{work}/idp.key", "-out", f"{work}/idp.crt"],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        log = os.path.join(work, "php.log")
        with open(log, "wb") as output:
            server = subprocess.Popen(
                ["php", "-d", "display_errors=0", "-d", "opcache.enable_cli=1", "-S", origin.removeprefix("http://")]
                + ["-t", WWW],
                env=os.environ
                | {"SIMPLESAMLPHP_CONFIG_DIR": os.path.join(HERE, "simplesamlphp"), "FEDGATE_IDP_SETTINGS": path},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent,
            )
        answers(settings["entity_id"], server, log)
        ready = {"entity_id": settings["entity_id"], "metadata_url": settings["entity_id"], "origin": origin}
        print(json.dumps(ready), flush=True)
        for line in sys.stdin:
            sp = with_defaults(json.loads(line))
            settings["service_providers"].append(sp)
            settings["content"] = sp.get("content")
            write(settings)
            print(json.dumps({"declared": sp["sp_entity_id"]}), flush=True)
    finally:
        if server is not None:
            server.kill()
            server.wait()
        if os.environ.get("FEDGATE_IDP_KEEP") is None:
            shutil.rmtree(work, ignore_errors=True)


main()
