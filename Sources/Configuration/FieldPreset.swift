import Events
package import Plan

/// Senders whose events have what they are known by in places of their own.
package enum FieldPreset: String, Sendable, CaseIterable {
    case cloudevents, email, ga4, github, jitsu, matomo, shopify, snowplow, stripe

    /// Where events of the sender have it.
    package var rules: FieldRules {
        var rules = FieldRules()
        switch self {
        case .cloudevents:
            rules.time = Self.places("time")
            rules.name = Self.choices("type")
            rules.id = [Self.parts("source", "id")]
        case .email: rules = Self.mailRules
        case .ga4:
            // Of the export and of the protocol for measurements; both have microseconds.
            rules.time = [
                Self.place("event_timestamp", .microseconds),
                Self.place("timestamp_micros", .microseconds),
            ]
            rules.name = Self.choices("event_name|name")
            rules.split = EnvelopeSplit.Rule(list: "events")
            rules.id = [
                Self.parts(
                    "user_pseudo_id|client_id|app_instance_id",
                    "event_name|name",
                    "event_timestamp|timestamp_micros",
                    "event_bundle_sequence_id",
                    "batch_event_index"
                )
            ]
        case .github: rules = Self.gitHubRules
        case .jitsu:
            rules.time = Self.places("_timestamp|timestamp|utc_time|time1|date1|dt")
            rules.name = Self.choices("event_type|event|type|name")
            rules.id = Self.choices("eventn_ctx.event_id|eventn_ctx_event_id|messageId|id")
        case .matomo: rules = Self.matomoRules
        case .shopify:
            rules.time = Self.places("updated_at|processed_at|created_at")
            rules.name = Self.choices("topic|event|type|financial_status")
            rules.id = [Self.parts("admin_graphql_api_id|id", "updated_at|created_at")]
        case .snowplow:
            rules.time = Self.places("derived_tstamp|dvce_created_tstamp|dtm|collector_tstamp|stm")
            rules.name = Self.choices("event_name|event|e")
            rules.id = Self.choices("event_id|eid")
            rules.split = EnvelopeSplit.Rule(list: "data")
        case .stripe:
            rules.time = [Self.place("created", .seconds)]
            rules.name = Self.choices("type")
            rules.id = Self.choices("id")
            rules.isIDEnough = true
        }
        return rules
    }

    // MARK: - Larger ones

    private static var matomoRules: FieldRules {
        var rules = FieldRules()
        rules.time = [
            place("cdt"), place("timestamp", .seconds), place("serverTimestamp"),
            place("serverDate"),
        ]
        rules.name = choices("e_a|type|action_name")
        rules.id = [
            parts(
                "visitorId|idVisitor|_id|cid",
                "idVisit",
                "idLink_va|pageIdAction|pv_id|rand",
                "timestamp|serverTimestamp|cdt"
            )
        ]
        return rules
    }

    /// Webhooks of Amazon SES, Brevo, Mailchimp, MailerSend, Mailgun, Mailjet, Postal, Postmark, Resend,
    /// SendGrid, SparkPost and Unisender.
    private static var mailRules: FieldRules {
        var rules = FieldRules()
        rules.time = places(
            "event-data.timestamp|timestamp|ts_event|ts_epoch|ts|event_time|time|created_at"
                + "|DeliveredAt|BouncedAt|ReceivedAt|ChangedAt|SubmittedAt|Timestamp"
                + "|bounce.timestamp|complaint.timestamp|delivery.timestamp|open.timestamp"
                + "|click.timestamp|deliveryDelay.timestamp|mail.timestamp|data.created_at"
                + "|msys.*.timestamp|event_data.event_time|payload.timestamp|msg.ts|s_epoch|date"
                + "|Date|SentAtDate|signature.timestamp|*.timestamp|*.ts|*.Date"
        )
        rules.name = choices(
            "event-data.event|event|RecordType|eventType|notificationType|event_name|msys.*.type"
                + "|type|Type|status|event_data.status|*.event"
        )
        rules.id = choices("sg_event_id|event-data.id|event_id|msys.*.event_id|uuid")
        rules.id.append(
            parts(
                "MessageID|message-id|message_id|MessageId|messageId|mail.messageId|data.email_id"
                    + "|payload.message.id|payload.original_message.id|email.message.id|_id|id"
                    + "|job_id|token|message.headers.message-id|Message-Id|signature.token",
                "event|RecordType|eventType|notificationType|type|Type|status",
                "recipient|Recipient|email|Email|rcpt_to|email.recipient.email",
                "timestamp|ts_event|ts_epoch|ts|event_time|time|created_at|DeliveredAt|BouncedAt"
                    + "|ReceivedAt|ChangedAt|Timestamp|date"
            )
        )
        // Of others the time comes first: without one, two events could be taken for one.
        rules.id.append(
            parts(
                "timestamp|ts|event_time|time|created_at|Timestamp",
                "email|recipient|Recipient|Email|data.id",
                "event|RecordType|type|Type|status"
            )
        )
        return rules
    }

    /// GitHub names the kind of an event in a header; in its text it is known by what it is about.
    private static var gitHubRules: FieldRules {
        var rules = FieldRules()
        let subjects =
            "pull_request|discussion|check_run|check_suite|deployment_status|workflow_job"
            + "|workflow_run|project_card|project_column|projects_v2_item|milestone|label|release"
            + "|comment|issue|alert|deployment|forkee|hook|member|membership|package"
            + "|registry_package|sponsorship|team|pages|build|commits|security_advisory|project"
            + "|key|invitation|marketplace_purchase|merge_group|rule|blocked_user|starred_at"
            + "|client_payload|workflow|repositories|repositories_added|user|ref_type|ref|state"
            + "|status|repository|installation|organization|sender"
        let about = places(subjects).map {
            FieldRules.Term(path: $0.path, text: $0.path?.description ?? "")
        }
        rules.name = [[about, places("action")]]
        rules.time = places(
            "head_commit.timestamp|comment.updated_at|review.submitted_at|updated_at|*.updated_at"
                + "|starred_at|*.created_at|*.pushed_at|effective_date|*.published_at"
                + "|*.completed_at|*.started_at"
        )
        rules.id = [
            parts(
                "comment.node_id|review.node_id|issue.node_id|pull_request.node_id"
                    + "|check_run.node_id|check_suite.node_id|*.node_id|head_commit.id|after|id"
                    + "|hook_id|security_advisory.ghsa_id|*.id|*.html_url|*.url",
                "action|ref",
                "comment.updated_at|review.submitted_at|updated_at|*.updated_at"
                    + "|head_commit.timestamp|*.completed_at|*.created_at"
            )
        ]
        return rules
    }

    // MARK: - Places

    private static func place(_ path: String, _ unit: FieldRules.Unit? = nil) -> FieldRules.Term {
        FieldRules.Term(path: try? EventPath(path), unit: unit)
    }

    /// Places with `|` between.
    private static func places(_ paths: String) -> FieldRules.Part {
        paths.split(separator: "|").map { place(String($0)) }
    }

    private static func choices(_ paths: String) -> [FieldRules.Choice] {
        places(paths).map { [[$0]] }
    }

    /// Parts, each of places with `|` between.
    private static func parts(_ parts: String...) -> FieldRules.Choice {
        parts.map(places)
    }
}
