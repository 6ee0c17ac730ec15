//! Everything that happened with one customer in one line of time: events and messages, newest first.

use std::collections::BTreeMap;

use evidence::history::{Event, MessageStory};
use maud::{Markup, html};

use crate::{
    links,
    parts::{chip, explain, story, time},
    say::{Say, t},
};

/// Operator id → name.
pub(super) type Names = BTreeMap<i64, String>;

/// One entry of the line.
pub(super) enum Entry {
    /// Something that happened to the customer.
    Happened(Event),
    /// A message to the customer, at the moment it came to its state.
    Sent(Box<MessageStory>),
}

/// Merges both, newest first. What happened to a message is told by the message itself, save what a person did.
pub(super) fn merged(events: Vec<Event>, messages: Vec<MessageStory>) -> Vec<Entry> {
    let by_a_person = [delivery::event::HANDLED, delivery::event::REOPENED, campaigns::event::CLICKED];
    let told = |event: &Event| !event.kind.starts_with("mail.") || by_a_person.contains(&event.kind.as_str());
    let events = events.into_iter().filter(told).map(Entry::Happened);
    let mut entries: Vec<Entry> =
        events.chain(messages.into_iter().map(|story| Entry::Sent(Box::new(story)))).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at()));
    entries.dedup_by(|one, other| one.is_merge() && other.is_merge() && one.at() == other.at());
    entries
}

impl Entry {
    /// Each of several registrations tells that it became one with the others; it is said once.
    fn is_merge(&self) -> bool {
        let kinds = [audience::event::CONTACT_MERGED, audience::event::MERGE_UNDONE];
        matches!(self, Self::Happened(event) if kinds.contains(&event.kind.as_str()))
    }

    fn at(&self) -> i64 {
        match self {
            Self::Happened(event) => event.at,
            Self::Sent(story) => story.state_at,
        }
    }
}

/// The line.
pub(super) fn markup(say: Say, entries: &[Entry], names: &Names, now: i64) -> Markup {
    html! {
        ol.chain {
            @for entry in entries {
                @match entry {
                    Entry::Happened(event) => li {
                        (time::when(say, event.at, now))
                        p {
                            (sentence(say, event, names))
                            @if let Some(id) = event.recipient_id {
                                " " a href=(links::message(id)) { (t!(say, "timeline-cause")) }
                            }
                        }
                    },
                    Entry::Sent(message) => (sent(say, message, now)),
                }
            }
        }
    }
}

fn sent(say: Say, message: &MessageStory, now: i64) -> Markup {
    html! {
        li class=(story::step_class(message.state)) {
            (time::when(say, message.state_at, now))
            p {
                a href=(links::message(message.id)) { (t!(say, "timeline-message", name = message.broadcast_name.as_str())) }
                " " (chip::state(say, message.state))
                @if let Some(verdict) = &message.verdict { " " (explain::title(say, verdict.reason.name())) }
                @if !message.address.is_empty() { " " span.sub { (message.address) } }
            }
            details {
                summary { (t!(say, "timeline-details")) }
                (story::standing(say, message, now))
                (story::attempts(say, message, now))
            }
        }
    }
}

/// What happened as a sentence, with who did it.
fn sentence(say: Say, event: &Event, names: &Names) -> String {
    let text = |key: &str| event.detail.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    let mut args = fluent::FluentArgs::new();
    let before = text("address_before");
    args.set("before", if before.is_empty() { text("before") } else { before });
    args.set("after", text("address_after"));
    args.set("reason", explain::title(say, text("reason")));
    args.set(
        "route",
        say.find(&format!("route-{}", text("route").replace('_', "-")), None).unwrap_or_default(),
    );
    args.set("note", text("note"));
    args.set("target", text("target"));
    args.set("value", if text("further").is_empty() { text("value") } else { text("further") });
    let mut key = format!("event-{}", event.kind.replace(['.', '_'], "-"));
    if event.kind == audience::event::CONTACT_EDITED && !text("address_after").is_empty() {
        key.push_str("-address");
    }
    if event.kind == audience::event::POINT_PREFERRED && text("because") == "invalid" {
        key.push_str("-invalid");
    }
    if !text("further").is_empty() {
        key.push_str("-further");
    } else if event.kind == audience::event::ADDRESS_INVALID {
        let failures = event.detail.get("failures").and_then(serde_json::Value::as_u64).unwrap_or(0);
        args.set("failures", failures);
        key.push_str(match text("reason") {
            audience::BY_HAND => "-by-hand",
            _ if event.detail["is_known"] == true => "-known",
            _ if failures > 1 => "-run",
            _ => "",
        });
    }
    let what =
        say.find(&key, Some(&args)).unwrap_or_else(|| t!(say, "event-other", kind = event.kind.as_str()));
    match event.operator_id.map(|id| names.get(&id)) {
        None => what,
        Some(Some(name)) => t!(say, "event-by", what = what, name = name.as_str()),
        Some(None) => t!(say, "event-by-removed", what = what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: &str, detail: &str, expected: &str) {
        let event = Event {
            id: 1,
            at: 0,
            kind: kind.to_owned(),
            contact_id: Some(1),
            recipient_id: None,
            broadcast_id: None,
            operator_id: Some(7),
            detail: serde_json::from_str(detail).unwrap(),
        };
        let names = Names::from([(7, "鈴木".to_owned())]);
        assert_eq!(sentence(Say::default(), &event, &names), expected, "{kind}");
    }

    #[test]
    fn sentences() {
        check("contact.added", "{}", "お客様を登録しました。(鈴木)");
        check("contact.edited", "{}", "登録内容を変更しました。(鈴木)");
        check(
            "contact.edited",
            r#"{"address_before":"a@gmai.com","address_after":"a@gmail.com"}"#,
            "アドレスを a@gmai.com から a@gmail.com に変更しました。(鈴木)",
        );
        check(
            "contact.opted_out",
            r#"{"route":"one_click"}"#,
            "配信停止になりました(メールソフトの停止ボタン)。(鈴木)",
        );
        check(
            "contact.address_invalid",
            r#"{"reason":"userunknown","failures":1}"#,
            "アドレスが使えないと分かりました(宛先なし)。次からは送りません。(鈴木)",
        );
        check(
            "contact.address_invalid",
            r#"{"reason":"mailboxfull","failures":4}"#,
            "続けて4回届かなかったため(受信箱が満杯)、次からは送りません。(鈴木)",
        );
        check(
            "contact.address_invalid",
            r#"{"reason":"userunknown","is_known":true}"#,
            "このアドレスは、以前の送信で使えないと分かっています(宛先なし)。直るまで送りません。(鈴木)",
        );
        check(
            "contact.address_invalid",
            r#"{"reason":"by_hand","note":"使っていない"}"#,
            "このアドレスへの送信を止めました。使っていない(鈴木)",
        );
        check("contact.what_is_this", "{}", "記録: contact.what_is_this(鈴木)");
    }

    #[test]
    fn every_event_of_a_contact_has_a_sentence() {
        use audience::event;
        let kinds = [
            event::CONTACT_ADDED,
            event::CONTACT_IMPORTED,
            event::CONTACT_EDITED,
            event::CONTACT_OPTED_OUT,
            event::CONTACT_OPTED_IN,
            event::CONSENT_GIVEN,
            event::CONTACT_ERASED,
            event::CONTACT_MERGED,
            event::MERGE_UNDONE,
            event::CONTACT_TRASHED,
            event::CONTACT_RESTORED,
            event::TOPIC_OPTED_OUT,
            event::TOPIC_OPTED_IN,
            event::ADDRESS_INVALID,
            event::ADDRESS_VALID,
            event::ADDRESS_CONFIRMED,
            event::POINT_ADDED,
            event::POINT_CHANGED,
            event::POINT_REMOVED,
            event::POINT_RESTORED,
            event::POINT_PREFERRED,
            delivery::event::HANDLED,
            delivery::event::REOPENED,
            campaigns::event::CLICKED,
        ];
        for kind in kinds {
            let key = format!("event-{}", kind.replace(['.', '_'], "-"));
            assert!(Say::default().find(&key, None).is_some(), "{key}");
        }
    }
}
