//! Keeps what a server said in two columns, so that it can be read back as the reply it was.

use mail::Reply;

/// The text column: the reply in one line without its code, the enhanced status in front.
pub(crate) fn stored_text(reply: &Reply) -> String {
    let text = reply.text.replace('\n', " ");
    match reply.status {
        Some(status) => format!("{status} {text}"),
        None => text,
    }
}

/// The reply of the two columns; code 0 where only words are known, as with some bounces.
pub(crate) fn reply_of(code: Option<i64>, text: Option<String>) -> Option<Reply> {
    let code = u16::try_from(code.unwrap_or(0)).unwrap_or(0);
    text.map(|text| Reply::new(code, &text))
}

/// The two columns as people quote them.
pub(crate) fn line_of(code: Option<i64>, text: Option<String>) -> String {
    match (code, text.unwrap_or_default()) {
        (Some(code), text) if code > 0 => format!("{code} {text}").trim_end().to_owned(),
        (_, text) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &str, column: &str) {
        let (reply, _) = Reply::from_lines(lines.split('\n'));
        assert_eq!(stored_text(&reply), column);
        let again = reply_of(Some(i64::from(reply.code)), Some(column.to_owned())).expect("there is a text");
        assert_eq!(again.line(), reply.line());
    }

    #[test]
    fn replies_come_back() {
        check("550 5.1.1 User unknown", "5.1.1 User unknown");
        check("550-5.7.26 first\n550 5.7.26 second", "5.7.26 first second");
        check("421 later", "later");
        assert_eq!(line_of(Some(550), Some("5.1.1 no".into())), "550 5.1.1 no");
        assert_eq!(line_of(None, Some("mailbox full".into())), "mailbox full");
        assert_eq!(line_of(None, None), "");
        assert_eq!(reply_of(None, None), None);
    }
}
