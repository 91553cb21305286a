"""Sends events with an SDK, as a program of its own: SDK NAME URL KEY COUNT GZIP [LOG]; prints what the SDK reports as an error.

With LOG, each request has at most 20 events, and the ids of what the SDK takes as delivered are added to that file.
"""

import sys

package, name, url, key, count, gzip, *log = sys.argv[1:]
if package.startswith("segment"):
    from segment.analytics.client import Client
    from segment.analytics.consumer import Consumer
elif package.startswith("analytics"):
    from analytics.client import Client
    from analytics.consumer import Consumer
else:
    from rudderstack.analytics.client import Client
    from rudderstack.analytics.consumer import Consumer


def note_deliveries(path):
    """Notes each batch after the SDK has sent it without an error."""
    request, file = Consumer.request, open(path, "a", encoding="utf-8")

    def noting(consumer, batch):
        request(consumer, batch)
        file.write("".join(f"{event['messageId']}\n" for event in batch))
        file.flush()

    Consumer.request = noting


more = {}
if log:
    note_deliveries(log[0])
    more["upload_size"] = 20
errors = []
client = Client(
    key, host=url, gzip=gzip == "gzip", on_error=lambda error, batch: errors.append((repr(error), len(batch))),
    max_queue_size=1_000_000, **more,
)
for at in range(int(count)):
    identity = {"user_id": f"user-{at % 7}"}
    client.track(event="Order Completed", properties={"number": at, "note": "ü€"}, message_id=f"{name}-{at}", **identity)
client.flush()
client.shutdown()
print(len(errors), *errors[:3])
