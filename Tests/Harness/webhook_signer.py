"""Signs a webhook with the sender's own package: PACKAGE, and a JSON object on stdin; prints the header fields as JSON."""

import json
import sys
from datetime import datetime, timezone

ask = json.load(sys.stdin)
name = sys.argv[1]
if name.startswith("stripe"):
    from stripe import WebhookSignature

    signature = WebhookSignature._compute_signature(f"{ask['time']}.{ask['body']}", ask["secret"])
    fields = {"Stripe-Signature": f"t={ask['time']},v1={signature}"}
elif name.startswith("twilio"):
    from twilio.request_validator import RequestValidator

    validator = RequestValidator(ask["secret"])
    if "fields" in ask:
        fields = {"X-Twilio-Signature": validator.compute_signature(ask["url"], ask["fields"], ask.get("algorithm"))}
        if "algorithm" in ask:
            fields["X-Twilio-Webhooks-Signature-Settings"] = f"key=shared,algorithm={ask['algorithm']}"
    else:
        query = "bodySHA256=" + validator.compute_hash(ask["body"])
        fields = {"query": query, "X-Twilio-Signature": validator.compute_signature(f"{ask['url']}?{query}", {})}
else:
    from standardwebhooks import Webhook

    # The package takes a time without a zone as UTC.
    time = datetime.fromtimestamp(ask["time"], timezone.utc).replace(tzinfo=None)
    fields = {
        "webhook-id": ask["id"], "webhook-timestamp": str(ask["time"]),
        "webhook-signature": Webhook(ask["secret"]).sign(ask["id"], time, ask["body"]),
    }
print(json.dumps(fields))
