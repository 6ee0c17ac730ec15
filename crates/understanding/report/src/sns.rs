//! Notifications of Amazon SES that come as JSON in a mail or a webhook body.

use serde_json::Value;

use crate::{Kind, RecipientReport, merge};

/// What a notification says.
pub(crate) struct Notification {
    pub(crate) kind: Kind,
    pub(crate) recipients: Vec<RecipientReport>,
    pub(crate) message_id: Option<String>,
    pub(crate) feedback_type: Option<String>,
}

/// Reads the JSON at the beginning of a text; `None` when there is none of this form.
pub(crate) fn read(text: &str) -> Option<Notification> {
    let text = text.trim_start();
    if !text.starts_with('{') {
        return None;
    }
    // Mail servers fold lines over 998 bytes in the middle of JSON strings.
    let text = text.replace("\n ", "").replace('\n', "");
    let value: Value = serde_json::Deserializer::from_str(&text).into_iter().next()?.ok()?;
    // A topic without raw delivery wraps the notification in a string.
    let value = match value["Message"].as_str() {
        Some(inner) => serde_json::from_str(inner).ok()?,
        None => value,
    };
    let word = value["notificationType"].as_str().or_else(|| value["eventType"].as_str())?;
    let (kind, recipients, feedback_type) = match word {
        "Bounce" => (Kind::Bounce, bounced(&value["bounce"]["bouncedRecipients"]), None),
        "Complaint" => {
            let complaint = &value["complaint"];
            let kind = complaint["complaintFeedbackType"].as_str().unwrap_or("abuse").to_owned();
            (Kind::Complaint, bounced(&complaint["complainedRecipients"]), Some(kind))
        }
        "Delivery" => (Kind::Delivered, delivered(&value["delivery"]), None),
        _ => return None,
    };
    let message_id = value["mail"]["messageId"].as_str().map(str::to_owned);
    Some(Notification { kind, recipients, message_id, feedback_type })
}

fn bounced(list: &Value) -> Vec<RecipientReport> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let one = |entry: &Value| {
        let mut report = RecipientReport::of(Some(entry["emailAddress"].as_str()?.to_owned()));
        let words = entry["diagnosticCode"].as_str().unwrap_or("");
        merge::fill(&mut report, words.trim_start_matches("smtp;").trim_start());
        report.action = entry["action"].as_str().map(str::to_ascii_lowercase);
        let status = entry["status"].as_str().and_then(|status| status.parse().ok());
        report.status = report.status.or(status);
        Some(report)
    };
    list.iter().take(1000).filter_map(one).collect()
}

fn delivered(delivery: &Value) -> Vec<RecipientReport> {
    let list = delivery["recipients"].as_array().map(Vec::as_slice).unwrap_or_default();
    let words = delivery["smtpResponse"].as_str().unwrap_or("");
    let one = |entry: &Value| {
        let mut report = RecipientReport::of(Some(entry.as_str()?.to_owned()));
        merge::fill(&mut report, words);
        report.action = Some("delivered".to_owned());
        report.remote_mta = delivery["remoteMtaIp"].as_str().map(str::to_owned);
        Some(report)
    };
    list.iter().take(1000).filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let seen = read(text).map_or("none".to_owned(), |n| {
            let one = |r: &RecipientReport| {
                let status = r.status.map(|s| s.to_string()).unwrap_or_default();
                format!(" {} {status}", r.final_recipient.as_deref().unwrap_or("-"))
            };
            n.kind.name().to_owned() + &n.recipients.iter().map(one).collect::<String>()
        });
        assert_eq!(seen, expected, "{text}");
    }

    #[test]
    fn notifications() {
        check(
            r#"{"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":"a@b.example","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 no"}]}} -- bye"#,
            "bounce a@b.example 5.1.1",
        );
        check(
            r#"{"notificationType":"Delivery","delivery":{"recipients":["a@b.example"],"smtpResponse":"250 2.6.0 ok"}}"#,
            "delivered a@b.example 2.6.0",
        );
        check(
            r#"{"notificationType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"a@b.example"}]}}"#,
            "complaint a@b.example ",
        );
        check(r#"{"some":"json"}"#, "none");
        check("{broken", "none");
        check("hello", "none");
    }
}
