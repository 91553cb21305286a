"""Webhooks: requests that are signed by the senders' own packages, and twins that are not genuine."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

import pages
from http_edge import Edge, source
from waiting import wait_until

SDKS = Path(sys.prefix) / "sdk"
SIGNER = Path(pages.PROJECT) / "Tests" / "Harness" / "webhook_signer.py"
STRIPE, TWILIO, STANDARD = "stripe-16.1.0", "twilio-9.13.0", "standardwebhooks-1.1.0"
URL = "https://edge.shop.example/hooks/twilio"
SECRET = "whsec_" + base64.b64encode(b"a secret of the shop's webhooks!").decode()
OTHER = "whsec_" + base64.b64encode(b"another one, of somebody else!!!").decode()
PATH_SECRET = "a-long-secret-in-a-path"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WEBHOOKS = [
    {"path": "/hooks/stripe", "preset": "stripe", "secrets": ["older-secret", SECRET], "channel": "payment"},
    {"path": "/hooks/standard", "preset": "standard-webhooks", "secrets": [SECRET]},
    {"path": "/hooks/twilio", "preset": "twilio", "secrets": [SECRET], "url": URL, "channel": "sms"},
    {"path": "/hooks/mailgun", "preset": "mailgun", "secrets": [SECRET]},
    {
        "path": "/hooks/crm", "secrets": [SECRET], "channel": "crm",
        "signature": {"header": "X-Hub-Signature-256", "prefix": "sha256="},
    },
    {"path": "/hooks/old", "secrets": [PATH_SECRET], "signature": {"algorithm": "path-secret"}},
]


@pytest.fixture
def edge(daemon):
    def make(limits=None, **more):
        return Edge(daemon(sources=[source(webhooks=WEBHOOKS, **more)], limits=limits or {}))

    return make


def signed(package, **ask):
    """The header fields that a sender's package makes."""
    folder = SDKS / package
    assert folder.is_dir(), f"{folder} is missing; make it with `make venv`"
    done = subprocess.run(
        [sys.executable, "-B", SIGNER, package], input=json.dumps({"secret": SECRET, "time": int(time.time())} | ask),
        env=os.environ | {"PYTHONPATH": str(folder)}, capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def hub(body):
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}


def post(web, path, body, headers):
    return web.post(body, path, headers, key=None)


def accepted(web, path, body, headers, events=1):
    assert post(web, path, body, headers) == (200, {"success": True, "status": "committed", "events": events})


def refused(web, path, body, headers):
    status, answer = post(web, path, body, headers)
    assert (status, answer["code"]) == (401, "bad_signature") and answer["message"], answer


def test_stripe_is_believed_and_its_twins_are_not(edge):
    web = edge()
    body = '{"id":"evt_1","type":"invoice.paid","note":"ü€",  "created":1700000000}'
    genuine = signed(STRIPE, body=body)
    accepted(web, "/hooks/stripe", body.encode(), genuine)
    refused(web, "/hooks/stripe", body.replace("paid", "void").encode(), genuine)
    # The same value in other bytes.
    refused(web, "/hooks/stripe", body.replace("  ", " ").encode(), genuine)
    refused(web, "/hooks/stripe", body.encode(), {})
    refused(web, "/hooks/stripe", body.encode(), signed(STRIPE, body=body, secret=OTHER))
    refused(web, "/hooks/stripe", body.encode(), signed(STRIPE, body=body, time=int(time.time()) - 400))
    # A signature is of its webhook only, and no write key replaces it.
    refused(web, "/hooks/standard", body.encode(), genuine)
    assert web.post(body.encode(), "/hooks/stripe")[0] == 401
    second = body.replace("evt_1", "evt_2")
    accepted(web, "/hooks/stripe", second.encode(), signed(STRIPE, body=second, secret="older-secret"))
    written = web.written()
    assert [event for _, event in written] == [json.loads(body), json.loads(second)]
    metadata = written[0][0]
    assert metadata["channel"] == "payment" and metadata["http"]["path"] == "/hooks/stripe"
    assert SECRET not in web.collector.log and "whsec" not in json.dumps(written)
    assert "the signature is of another body" in web.collector.log


def test_standard_webhooks_are_believed_and_their_twins_are_not(edge):
    web = edge()
    body = '{"type":"user.created","timestamp":"2026-01-01T00:00:00Z"}'
    genuine = signed(STANDARD, body=body, id="msg_1")
    accepted(web, "/hooks/standard", body.encode(), genuine)
    refused(web, "/hooks/standard", body.encode() + b" ", genuine)
    refused(web, "/hooks/standard", body.encode(), genuine | {"webhook-id": "msg_2"})
    refused(web, "/hooks/standard", body.encode(), genuine | {"webhook-timestamp": str(int(time.time()) + 1)})
    refused(web, "/hooks/standard", body.encode(), signed(STANDARD, body=body, id="msg_1", secret=OTHER))
    assert [event["type"] for _, event in web.written()] == ["user.created"]


@pytest.mark.parametrize("algorithm", [None, "HMAC_SHA256"])
def test_the_form_of_twilio_becomes_an_object(edge, algorithm):
    web = edge()
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered", "Body": "ü & = \"€\"", "data": "e30="}
    body = urlencode(fields).encode()
    more = {"algorithm": algorithm} if algorithm else {}
    genuine = signed(TWILIO, url=URL, fields=fields, **more) | FORM
    accepted(web, "/hooks/twilio", body, genuine)
    port = signed(TWILIO, url=URL.replace("/hooks", ":443/hooks"), fields=fields | {"Body": "2"}) | FORM
    accepted(web, "/hooks/twilio", urlencode(fields | {"Body": "2"}).encode(), port)
    refused(web, "/hooks/twilio", body.replace(b"SM1", b"SM2"), genuine)
    refused(web, "/hooks/twilio", body + b"&x=1", genuine)
    refused(web, "/hooks/twilio", body, signed(TWILIO, url="http://127.0.0.1/hooks/twilio", fields=fields) | FORM)
    written = web.written()
    assert [event for _, event in written] == [fields, fields | {"Body": "2"}]
    assert written[0][0]["channel"] == "sms"


def test_the_json_of_twilio_is_covered_by_its_hash(edge):
    web = edge()
    body = '[{"type":"a"},{"type":"b"}]'
    genuine = signed(TWILIO, url=URL, body=body) | {"Content-Type": "application/json"}
    path = "/hooks/twilio?" + genuine.pop("query")
    accepted(web, path, body.encode(), genuine, events=2)
    refused(web, path, body.replace("b", "c").encode(), genuine)
    refused(web, "/hooks/twilio", body.encode(), genuine)
    assert [event["type"] for _, event in web.written()] == ["a", "b"]


def test_a_token_of_mailgun_is_used_once_and_again_after_a_failure(edge):
    web = edge()

    def body(token, event):
        now = str(int(time.time()))
        signature = hmac.new(SECRET.encode(), (now + token).encode(), hashlib.sha256).hexdigest()
        start = {"signature": {"timestamp": now, "token": token, "signature": signature}}
        return f'{json.dumps(start)[:-1]},"event-data":{event}}}'.encode()

    good = body("1" * 50, '{"id":"1"}')
    accepted(web, "/hooks/mailgun", good, {})
    refused(web, "/hooks/mailgun", good, {})
    # What is not written as an event can be repeated.
    deep = body("2" * 50, "[" * 70 + "]" * 70)
    assert [post(web, "/hooks/mailgun", deep, {})[1]["code"] for _ in range(2)] == ["too_deep"] * 2
    assert len(web.written()) == 1


def test_a_sender_without_a_preset(edge):
    web = edge()
    body = b'{"kind":"deal.won"}'
    accepted(web, "/hooks/crm", body, hub(body))
    # curl calls every body a form.
    accepted(web, "/hooks/crm", b" " + body, hub(b" " + body) | FORM)
    form = b"a=1&a=2&b.c=3"
    accepted(web, "/hooks/crm", form, hub(form) | FORM)
    data = urlencode({"data": base64.b64encode(b'{"kind":"x"}').decode()}).encode()
    accepted(web, "/hooks/crm", data, hub(data) | FORM)
    refused(web, "/hooks/crm", body, {"X-Hub-Signature-256": hub(body)["X-Hub-Signature-256"][:-1] + "g"})
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    assert post(web, "/hooks/crm", body, hub(body) | multipart)[0] == 415
    many = "&".join(f"f{at}=1" for at in range(1_001)).encode()
    assert post(web, "/hooks/crm", many, hub(many) | FORM)[:1] == (400,)
    assert web.ask("GET", "/hooks/crm", key=None)[0] == 405
    assert web.ask("POST", "/hooks/none", body, hub(body), key=None)[0] == 404
    written = web.written()
    assert [event for _, event in written] == [
        {"kind": "deal.won"}, {"kind": "deal.won"}, {"a": ["1", "2"], "b.c": "3"}, {"kind": "x"},
    ]
    assert {metadata["channel"] for metadata, _ in written} == {"crm"}


def test_the_secret_of_a_path_is_not_kept(edge):
    web = edge()
    accepted(web, "/hooks/old/" + PATH_SECRET, b'{"a":1}', {})
    refused(web, "/hooks/old", b'{"a":1}', {})
    refused(web, "/hooks/old/" + PATH_SECRET[:-1], b'{"a":1}', {})
    ((metadata, _),) = web.written()
    assert metadata["http"]["path"] == "/hooks/old" and PATH_SECRET not in web.collector.log


def test_each_webhook_is_a_producer_of_its_own(edge):
    web = edge()
    body = b'{"kind":"x"}'
    accepted(web, "/hooks/crm", body, hub(body))
    producers = web.collector.ask("producers")
    assert "/hooks/crm" in json.dumps(producers), producers


def test_a_body_over_the_limit_is_refused(edge):
    web = edge(limits={"message": "64KiB", "event": "64KiB"})
    body = b'{"a":"' + b"x" * 70_000 + b'"}'
    assert post(web, "/hooks/crm", body, hub(body))[0] == 413
    # Control characters take six times the room in JSON.
    form = b"a=" + b"\x01" * 20_000
    status, answer = post(web, "/hooks/crm", form, hub(form) | FORM)
    assert (status, answer["code"]) == (413, "too_large")
    body = b'{"a":1}'
    accepted(web, "/hooks/crm", body, hub(body))


def test_a_reload_takes_new_secrets_at_once(edge):
    web = edge()
    body = '{"id":"evt_1"}'
    collector = web.collector
    collector.settings["sources"][0]["webhooks"] = [
        {"path": "/hooks/stripe", "preset": "stripe", "secrets": [OTHER]},
    ]
    collector.configuration.write_text(json.dumps(collector.settings))
    assert json.loads(collector.control("reload", "--json"))["applied"] == ["sources.web.webhooks"]
    new = signed(STRIPE, body=body, secret=OTHER)
    wait_until("the new secret", lambda: post(web, "/hooks/stripe", body.encode(), new)[0] == 200)
    refused(web, "/hooks/stripe", body.encode(), signed(STRIPE, body=body))
    assert post(web, "/hooks/crm", b"{}", hub(b"{}"))[0] == 404


@pytest.mark.parametrize("webhook, complaint", [
    ({"preset": "stripe", "secrets": ["x"]}, "a webhook needs 'path'"),
    ({"path": "hooks", "preset": "stripe", "secrets": ["x"]}, "'hooks' is no path such as /hooks/stripe"),
    ({"path": "/v1/events", "preset": "stripe", "secrets": ["x"]}, "the path '/v1/events' is the source's own"),
    ({"path": "/h", "secrets": ["x"]}, "webhook '/h' needs 'preset', one of stripe"),
    ({"path": "/h", "preset": "stripe"}, "webhook '/h': there is no secret"),
    ({"path": "/h", "preset": "stripe", "secrets": [""]}, "a secret is empty"),
    ({"path": "/h", "preset": "twilio", "secrets": ["x"]}, "set 'url' to it"),
    ({"path": "/h", "preset": "strype", "secrets": ["x"]}, "did you mean 'stripe'?"),
    ({"path": "/h", "preset": "stripe", "secret": ["x"]}, "did you mean 'secrets'?"),
    ({"path": "/h", "preset": "stripe", "secrets": ["x"], "signature": {"header": "X"}}, "remove 'signature'"),
    ({"path": "/h", "secrets": ["x"], "signature": {"header": "X", "signed": "{id}"}}, "must have {body} once"),
])
def test_a_wrong_webhook_is_named(daemon, webhook, complaint):
    output = check(daemon, [webhook])
    assert output.returncode == 78 and "webhooks: " in output.stderr and complaint in output.stderr


def test_a_check_prints_no_secret(daemon):
    output = check(daemon, WEBHOOKS + [{"path": "/hooks/env", "preset": "shopify", "secrets": ["${SHOPIFY_SECRET}"]}])
    assert output.returncode == 0, output.stderr
    assert "/hooks/crm" in output.stdout and '"${SHOPIFY_SECRET}"' in output.stdout
    for secret in (SECRET, PATH_SECRET, "older-secret", "of-the-environment"):
        assert secret not in output.stdout + output.stderr


def test_a_source_with_webhooks_only_needs_no_write_key(daemon):
    more = {"keys": [], "bind": ["0.0.0.0:0"]}
    assert "nothing proves who sends" in check(daemon, WEBHOOKS, **more).stderr
    assert check(daemon, WEBHOOKS, profiles=[], **more).returncode == 0
    assert "would answer no path" in check(daemon, [], profiles=[], **more).stderr
    web = Edge(daemon(sources=[source(webhooks=WEBHOOKS, profiles=[], keys=[])]))
    body = b'{"kind":"x"}'
    accepted(web, "/hooks/crm", body, hub(body))
    assert web.post(body)[0] == 404


def check(daemon, webhooks, **more):
    """Runs `touchpointd --check` with the webhooks."""
    collector = daemon(start=False, sources=[source(webhooks=webhooks, **more)])
    collector.folder.mkdir(parents=True, exist_ok=True)
    collector.configuration.write_text(json.dumps(collector.settings))
    return subprocess.run(
        [collector.programs / "touchpointd", "--check", "--config", collector.configuration],
        env=os.environ | {"SHOPIFY_SECRET": "of-the-environment"}, capture_output=True, text=True, timeout=60,
    )
