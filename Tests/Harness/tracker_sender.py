"""Sends events with a tracker, as a program of its own: PACKAGE URL KEY COUNT HOW; prints how often it failed, then the ids."""

import sys
import uuid
from urllib.parse import urlsplit

package, url, key, count, how = sys.argv[1:]
errors, ids = [], []
if package.startswith("snowplow"):
    from snowplow_tracker import Emitter, StructuredEvent, Tracker

    emitter = Emitter(
        urlsplit(url).hostname, protocol="http", port=urlsplit(url).port, method="get" if how == "get" else "post",
        batch_size=1 if how == "get" else 100, on_failure=lambda number, events: errors.append(number),
    )
    tracker = Tracker("shop", emitters=emitter, app_id=key, encode_base64=False)
    for at in range(int(count)):
        is_huge = how == "huge" and at == 2
        event = StructuredEvent(
            category="shop", action="Order Completed", label="ü€" * (40_000 if is_huge else 1), value=at,
        )
        identity = tracker.track(event)
        if is_huge:
            tracker.flush()
        else:
            ids.append(identity)
    tracker.flush()
else:
    from posthog import Posthog

    client = Posthog(
        key, host=url, gzip=how == "gzip", max_queue_size=100_000, on_error=lambda error, batch: errors.append(repr(error)),
    )
    for at in range(int(count)):
        ids.append(str(uuid.uuid4()))
        client.capture(
            "Order Completed", distinct_id=f"user-{at % 7}", properties={"number": at, "note": "ü€"}, uuid=ids[-1],
        )
    client.shutdown()
print(len(errors), *errors[:3], sep=" ")
print(*ids, sep="\n")
