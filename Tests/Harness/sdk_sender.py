"""Sends events with an SDK, as a program of its own: SDK NAME URL KEY COUNT GZIP; prints what the SDK reports as an error."""

import sys

package, name, url, key, count, gzip = sys.argv[1:]
if package.startswith(("segment", "analytics")):
    from segment.analytics.client import Client
else:
    from rudderstack.analytics.client import Client

errors = []
client = Client(
    key, host=url, gzip=gzip == "gzip", on_error=lambda error, batch: errors.append((repr(error), len(batch))),
    max_queue_size=1_000_000,
)
for at in range(int(count)):
    identity = {"user_id": f"user-{at % 7}"}
    client.track(event="Order Completed", properties={"number": at, "note": "ü€"}, message_id=f"{name}-{at}", **identity)
client.flush()
client.shutdown()
print(len(errors), *errors[:3])
