"""What senders of webhooks repeat is written once: by their own ids, also after a crash; names and times of their events."""

import base64
import hashlib
import hmac
import itertools
import json
import os
import subprocess
import sys
import time
from urllib.parse import urlencode

import pytest

from http_edge import Edge, source
from test_http_webhooks import SDKS, SECRET, STANDARD, STRIPE, TWILIO, URL, FORM, hub, post, signed
from waiting import wait_until

ID, NAME, TIME = "event.uuid", {"field": "event.kind", "prefix": "crm."}, "event.at"
CRM = {"secrets": [SECRET], "signature": {"header": "X-Hub-Signature-256", "prefix": "sha256="}}


@pytest.fixture
def make(daemon):
    def make(*webhooks, **more):
        return Edge(daemon(sources=[source(webhooks=list(webhooks))], **more))

    return make


def taken(web, path, body, headers):
    """Posts what is to be taken; returns how many events it has, and how many of them are duplicates."""
    status, answer = post(web, path, body, headers)
    assert status == 200, answer
    return answer["events"], answer.get("duplicates", 0)


def crash(web):
    web.collector.kill()
    web.collector.start()
    return Edge(web.collector)


def test_an_event_of_stripe_is_there_once_although_it_changes(make):
    web = make({"path": "/hooks/stripe", "preset": "stripe", "secrets": [SECRET]})

    def deliver(web, identity, pending):
        body = f'{{"id":"{identity}","type":"invoice.paid","created":1700000000,"pending_webhooks":{pending}}}'
        return taken(web, "/hooks/stripe", body.encode(), signed(STRIPE, body=body))

    assert [deliver(web, "evt_1", 2), deliver(web, "evt_1", 1), deliver(web, "evt_2", 1)] == [(1, 0), (1, 1), (1, 0)]
    web = crash(web)
    assert deliver(web, "evt_1", 0) == (1, 1)
    (metadata, event), (_, second) = web.written()
    assert (event["pending_webhooks"], second["id"]) == (2, "evt_2")
    assert (metadata["identity"], metadata["idAlone"], metadata["id"]) == ("evt_1", True, "evt_1")
    assert metadata["name"] == "invoice.paid" and metadata["time"] == "2023-11-14T22:13:20.000000Z"
    assert "idReused" not in metadata
    # And by the ids that belong to the sealed file.
    assert deliver(crash(web), "evt_1", 0) == (1, 1)


def test_a_standard_webhook_is_recognised_by_its_header(make):
    web = make({"path": "/hooks/standard", "preset": "standard-webhooks", "secrets": [SECRET]})
    body = '{"type":"user.created","timestamp":"2026-01-01T00:00:00Z"}'

    def deliver(web, identity, ago):
        fields = signed(STANDARD, body=body, id=identity, time=int(time.time()) - ago)
        return taken(web, "/hooks/standard", body.encode(), fields)

    assert [deliver(web, "msg_1", 60), deliver(web, "msg_1", 0), deliver(web, "msg_2", 0)] == [(1, 0), (1, 1), (1, 0)]
    web = crash(web)
    assert deliver(web, "msg_1", 0) == (1, 1)
    assert [metadata["identity"] for metadata, _ in web.written()] == ["msg_1", "msg_2"]


def test_the_events_of_one_request_are_no_copies_of_each_other(make):
    web = make({"path": "/hooks/standard", "preset": "standard-webhooks", "secrets": [SECRET]})
    body = json.dumps([{"type": "a"}, {"type": "a"}, {"type": "b"}])
    fields = signed(STANDARD, body=body, id="msg_1")
    assert taken(web, "/hooks/standard", body.encode(), fields) == (3, 0)
    assert taken(web, "/hooks/standard", body.encode(), fields) == (3, 3)
    assert [metadata["identity"] for metadata, _ in web.written()] == ["msg_1", "msg_1#1", "msg_1#2"]


def test_an_event_of_shopify_is_recognised_by_its_header(make):
    web = make(
        {"path": "/hooks/shop", "preset": "shopify", "secrets": [SECRET]}, partition={"path": "event={event}"},
    )
    body = b'{"id":820982911946154508,"email":"jon@shop.example"}'
    fields = {
        "X-Shopify-Hmac-SHA256": base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode(),
        "X-Shopify-Topic": "orders/create", "X-Shopify-Triggered-At": "2026-11-22T10:00:00.5Z",
    }
    for identity, wanted in (("b54557e4", (1, 0)), ("b54557e4", (1, 1)), ("c0ffee", (1, 0))):
        assert taken(web, "/hooks/shop", body, fields | {"X-Shopify-Webhook-Id": identity}) == wanted
    assert taken(crash(web), "/hooks/shop", body, fields | {"X-Shopify-Webhook-Id": "c0ffee"}) == (1, 1)
    written = Edge(web.collector).written()
    assert [metadata["identity"] for metadata, _ in written] == ["b54557e4", "c0ffee"]
    assert {metadata["name"] for metadata, _ in written} == {"orders/create"}
    assert {metadata["time"] for metadata, _ in written} == {"2026-11-22T10:00:00.500000Z"}
    assert [folder.name for folder in (web.collector.data / "events").iterdir()] == ["event=orders%2Fcreate"]


def test_an_array_of_sendgrid_that_is_sent_46_times_is_there_once(make, tmp_path):
    key = tmp_path / "key.pem"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key], check=True)
    public = subprocess.run(["openssl", "ec", "-in", key, "-pubout", "-outform", "DER"], capture_output=True, check=True)
    secret = base64.b64encode(public.stdout).decode()
    web = make({"path": "/hooks/mail", "preset": "sendgrid", "secrets": [secret]})
    events = [
        {"email": "a@shop.example", "timestamp": 1780000000 + at, "event": "open", "sg_event_id": f"sg-{at}"}
        for at in range(20)
    ]
    body = json.dumps(events).encode()

    def deliver(body):
        now = str(int(time.time())).encode()
        made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=now + body, capture_output=True, check=True)
        name = "X-Twilio-Email-Event-Webhook-"
        fields = {name + "Signature": base64.b64encode(made.stdout).decode(), name + "Timestamp": now.decode()}
        return taken(web, "/hooks/mail", body, fields)

    assert [deliver(body) for _ in range(46)] == [(20, 0)] + [(20, 20)] * 45
    # Other arrays have some of the events again.
    assert deliver(json.dumps(events[5:] + [events[0] | {"sg_event_id": "sg-20"}]).encode()) == (16, 15)
    written = web.written()
    assert [event["sg_event_id"] for _, event in written] == [f"sg-{at}" for at in range(21)]
    assert written[1][0]["time"] == "2026-05-28T20:26:41.000000Z" and "name" not in written[1][0]


def test_an_event_of_mailgun_is_there_once_with_each_signature(make):
    web = make({"path": "/hooks/mailgun", "preset": "mailgun", "secrets": [SECRET]})

    def deliver(token, identity):
        now = str(int(time.time()))
        signature = hmac.new(SECRET.encode(), (now + token).encode(), hashlib.sha256).hexdigest()
        start = {"signature": {"timestamp": now, "token": token, "signature": signature}}
        data = {"id": identity, "event": "opened", "timestamp": 1529006854.329574}
        return taken(web, "/hooks/mailgun", json.dumps(start | {"event-data": data}).encode(), {})

    assert [deliver("1" * 50, "a"), deliver("2" * 50, "a"), deliver("3" * 50, "b")] == [(1, 0), (1, 1), (1, 0)]
    metadata, _ = web.written()[0]
    assert (metadata["identity"], metadata["name"], metadata["time"]) == ("a", "opened", "2018-06-14T20:07:34.329574Z")


def test_each_state_of_a_message_of_twilio_is_an_event(make):
    web = make({"path": "/hooks/twilio", "preset": "twilio", "secrets": [SECRET], "url": URL})

    def deliver(web, state, **more):
        fields = {"MessageSid": "SM1", "MessageStatus": state} | more
        return taken(web, "/hooks/twilio", urlencode(fields).encode(), signed(TWILIO, url=URL, fields=fields) | FORM)

    assert [deliver(web, state) for state in ("sent", "delivered", "sent")] == [(1, 0), (1, 0), (1, 1)]
    # A call asks again in the same state, for another reason: nothing of that is lost.
    assert [deliver(web, "sent", Digits="1"), deliver(web, "sent", Digits="1")] == [(1, 0), (1, 1)]
    web = crash(web)
    assert [deliver(web, "sent", Digits="1"), deliver(web, "sent", Digits="2")] == [(1, 1), (1, 0)]
    written = web.written()
    assert [event.get("Digits") for _, event in written] == [None, None, "1", "2"]
    assert [metadata["name"] for metadata, _ in written] == ["sent", "delivered", "sent", "sent"]
    assert written[0][0]["identity"] == "3:SM14:sent0:" and "idAlone" not in written[0][0]


@pytest.mark.parametrize("at, written", [
    ('"2026-11-22T11:00:00.25+01:00"', "2026-11-22T10:00:00.250000Z"), ("1700000000", "2023-11-14T22:13:20.000000Z"),
    ("1700000000123", "2023-11-14T22:13:20.123000Z"), ('"1700000000.5"', "2023-11-14T22:13:20.500000Z"),
    ('"soon"', None), ("1e9", None), ("null", None),
])
def test_a_configured_webhook_has_id_name_and_time(make, at, written):
    web = make(CRM | {"path": "/hooks/crm", "id": ID, "name": NAME, "time": TIME})

    def deliver(uuid, more=""):
        body = f'{{"event":{{"kind":"deal \\u00fc","at":{at}{uuid}}}{more}}}'.encode()
        return taken(web, "/hooks/crm", body, hub(body))

    assert deliver(',"uuid":"1"') == (1, 0)
    assert deliver(',"uuid":"1"', ',"attempt":2') == (1, 1)
    assert deliver(',"uuid":1', ',"attempt":3') == (1, 1)
    # Without an id each is an event, and an own messageId is one.
    assert [deliver(""), deliver(""), deliver("", ',"messageId":"1"'), deliver("", ',"messageId":"1"')][:2] == [(1, 0)] * 2
    found = web.written()
    assert found[0][0].get("time") == written and found[0][0]["name"] == "crm.deal ü"


def test_an_id_can_be_in_a_header_and_two_webhooks_have_ids_of_their_own(make):
    names = [{"path": f"/hooks/{at}", "id": {"header": "X-Id"}, "name": {"header": "X-Kind"}} for at in "ab"]
    web = make(*(CRM | more for more in names))
    body = b'{"a":1}'
    fields = hub(body) | {"X-Id": "7", "X-Kind": "won"}
    for path, wanted in (("/hooks/a", (1, 0)), ("/hooks/b", (1, 0)), ("/hooks/a", (1, 1))):
        assert taken(web, path, body, fields) == wanted
    assert [metadata["name"] for metadata, _ in web.written()] == ["won", "won"]


def test_a_reload_takes_another_id(make):
    web = make(CRM | {"path": "/hooks/crm", "id": "a"})
    settings = web.collector.settings
    settings["sources"][0]["webhooks"][0]["id"] = "b"
    web.collector.configuration.write_text(json.dumps(settings))
    assert json.loads(web.collector.control("reload", "--json"))["applied"] == ["sources.web.webhooks"]
    numbers = itertools.count(1)

    def is_new():
        body = f'{{"a":1,"b":"b{next(numbers)}"}}'.encode()
        return taken(web, "/hooks/crm", body, hub(body)) == (1, 0)

    is_new()
    wait_until("the other id", is_new)
    assert web.written()[-1][0]["identity"].startswith("b")


def check(daemon, **more):
    collector = daemon(start=False, sources=[source(webhooks=[CRM | {"path": "/hooks/crm"} | more])])
    collector.folder.mkdir(parents=True, exist_ok=True)
    collector.configuration.write_text(json.dumps(collector.settings))
    return subprocess.run(
        [collector.programs / "touchpointd", "--check", "--config", collector.configuration],
        capture_output=True, text=True, timeout=60,
    )


@pytest.mark.parametrize("more, complaint", [
    ({"id": "a..b"}, "'a..b' is no path such as event.uuid"),
    ({"id": {}}, "'id' needs 'field', a path in the body, or 'header'"),
    ({"id": {"heder": "X"}}, "unknown key 'heder' of 'id', did you mean 'header'?"),
    ({"id": {"header": "X", "field": "a"}}, "'id' has a field and a header"),
    ({"time": {"field": "a", "prefix": "x"}}, "unknown key 'prefix' of 'time'"),
    ({"name": {"prefix": "x"}}, "'name' needs 'field'"), ({"time": {"header": "X Y"}}, "'X Y' is no header field"),
])
def test_a_wrong_place_is_named(daemon, more, complaint):
    output = check(daemon, **more)
    assert output.returncode == 78 and complaint in output.stderr, output.stderr


def test_a_check_prints_the_places(daemon):
    output = check(daemon, id=ID, name=NAME, time={"header": "X-Time"})
    assert output.returncode == 0, output.stderr
    for text in ('id: "event.uuid"', 'name: { field: "event.kind", prefix: "crm." }', 'time: { header: "x-time" }'):
        assert text in output.stdout


def test_mixpanels_sdk_can_post_to_a_webhook(make):
    secret = "a-long-secret-in-a-path"
    web = make({"path": "/hooks/mixpanel", "secrets": [secret], "signature": {"algorithm": "path-secret"}})
    folder = SDKS / "mixpanel-5.4.1"
    assert folder.is_dir(), f"{folder} is missing; make it with `make venv`"
    # Its event arrives, though it asks for another answer than this one.
    script = (
        "import sys, mixpanel\n"
        "consumer = mixpanel.Consumer(events_url=sys.argv[1], retry_limit=0, verify_cert=False)\n"
        "try: mixpanel.Mixpanel('token', consumer=consumer).track('user-1', 'Seen', {'note': 'ü€'})\n"
        "except KeyError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, f"{web.url}/hooks/mixpanel/{secret}"], capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(folder)}, timeout=120,
    )
    assert done.returncode == 0, done.stderr
    ((_, event),) = web.written()
    sent = json.loads(event["data"])
    assert sent["event"] == "Seen" and sent["properties"]["note"] == "ü€"
