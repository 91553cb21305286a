"""Makes HTTP requests of CloudEvents with the package of that name; prints them as JSON: MODE ID SOURCE."""

import base64
import json
import sys

from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

mode, identity, source = sys.argv[1:]
attributes = {"type": "shop.order", "id": identity, "source": source, "subject": "Euro € 5 %"}
if mode == "text":
    event = CloudEvent(attributes | {"datacontenttype": "text/plain"}, "hello")
else:
    event = CloudEvent(attributes | {"datacontenttype": "application/json"}, {"total": 17.5})
message = to_structured_event(event) if mode == "structured" else to_binary_event(event)
print(json.dumps({"headers": dict(message.headers), "body": base64.b64encode(message.body).decode()}))
