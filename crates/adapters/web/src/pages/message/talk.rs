//! What we and the other server said to each other in one try, line by line, folded.

use std::collections::BTreeMap;

use delivery::{
    transcript::{Line, Voice, store::KeptTranscript, unpack},
    verp::Seal,
};
use evidence::history::MessageStory;
use maud::{Markup, html};

use crate::{
    parts::time,
    problem::Problem,
    say::{Say, t},
    visit::Visit,
};

/// What was said in one try.
pub(super) struct Talk {
    /// When the connection was opened, and how.
    opening: Option<(i64, Vec<Line>)>,
    /// The dialogue about the message.
    message: Vec<Line>,
}

/// Number of the try → what was said in it, as long as it is kept.
pub(super) type Talks = BTreeMap<u32, Talk>;

/// What was said in the tries of a message.
pub(super) async fn of(visit: &Visit, story: &MessageStory) -> Result<Talks, Problem> {
    if story.attempts.is_empty() {
        return Ok(Talks::new());
    }
    let house = &visit.house;
    let since = visit.now() - house.transcripts_kept_ms;
    let kept = house.transcripts.transcripts(story.id, since).await?;
    let token = Seal::return_paths(&house.house_secret).token(story.id);
    Ok(kept.into_iter().map(|one| (one.number, talk(one, &story.address, &token))).collect())
}

fn talk(kept: KeptTranscript, to: &str, token: &str) -> Talk {
    Talk {
        opening: kept.opening.map(|(at, packed)| (at, unpack(&packed, to, token))),
        message: kept.message.map(|packed| unpack(&packed, to, token)).unwrap_or_default(),
    }
}

/// The folded record.
pub(super) fn markup(say: Say, talk: Option<&Talk>, now: i64) -> Markup {
    let Some(talk) = talk.filter(|talk| talk.opening.is_some() || !talk.message.is_empty()) else {
        return html! {};
    };
    html! {
        details.talk {
            summary { (t!(say, "talk-title")) }
            p.fine { (t!(say, "talk-legend")) }
            @if let Some((at, lines)) = &talk.opening {
                p.fine { (t!(say, "talk-opening", at = time::said(say, *at, now))) }
                pre { (lines_of(say, lines)) }
            }
            @if !talk.message.is_empty() {
                p.fine { (t!(say, "talk-message")) }
                pre { (lines_of(say, &talk.message)) }
            }
        }
    }
}

fn lines_of(say: Say, lines: &[Line]) -> String {
    let rows = lines.iter().flat_map(|line| {
        let text = match line.voice {
            Voice::Note => note(say, &line.text),
            _ => line.text.clone(),
        };
        let sign = line.voice.sign();
        let rows = text.split('\n').enumerate().map(|(n, row)| match n {
            0 => format!("{:>7} {sign} {row}\n", line.after_ms),
            _ => format!("{:>7} {sign} {row}\n", ""),
        });
        rows.collect::<Vec<_>>()
    });
    rows.collect()
}

/// What happened, in the reader's words; its particulars as they are.
fn note(say: Say, text: &str) -> String {
    let (what, words) = text.split_once(' ').unwrap_or((text, ""));
    let mut with = fluent::FluentArgs::new();
    with.set("words", words.to_owned());
    say.find(&format!("talk-{what}"), Some(&with)).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_note_has_words() {
        let say = Say::default();
        for what in ["connect", "tls", "clear", "content", "ended"] {
            let said = note(say, &format!("{what} abc"));
            assert!(said.contains("abc") && said != format!("{what} abc"), "{said}");
        }
        assert_eq!(note(say, "odd abc"), "odd abc");
    }
}
