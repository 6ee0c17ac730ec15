//! Reads one command line (RFC 5321 section 4.1.1).

/// A command with its argument, or what is wrong with the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    Helo(&'a str),
    Ehlo(&'a str),
    /// What follows `FROM:`.
    Mail(&'a str),
    /// What follows `TO:`.
    Rcpt(&'a str),
    Data,
    Rset,
    Noop,
    Quit,
    Vrfy,
    Help,
    Starttls,
    /// A command of the RFCs that is not offered here.
    NotOffered,
    /// Known, with an argument that cannot be.
    BadArgument,
    /// Anything else.
    Unknown,
}

/// Reads a line without its line end.
pub(crate) fn read(line: &[u8]) -> Command<'_> {
    let Some(text) = std::str::from_utf8(line).ok().filter(|text| !text.chars().any(char::is_control)) else {
        return Command::Unknown;
    };
    let (verb, argument) = text.split_once(' ').unwrap_or((text, ""));
    let argument = argument.trim();
    let alone = |command| if argument.is_empty() { command } else { Command::BadArgument };
    match verb.to_ascii_uppercase().as_str() {
        "HELO" => Command::Helo(argument),
        "EHLO" => Command::Ehlo(argument),
        "MAIL" => after(argument, "FROM:").map_or(Command::BadArgument, Command::Mail),
        "RCPT" => after(argument, "TO:").map_or(Command::BadArgument, Command::Rcpt),
        "DATA" => alone(Command::Data),
        "RSET" => alone(Command::Rset),
        "NOOP" => Command::Noop,
        "QUIT" => alone(Command::Quit),
        "VRFY" => Command::Vrfy,
        "HELP" => Command::Help,
        "STARTTLS" => alone(Command::Starttls),
        "AUTH" | "BDAT" | "EXPN" | "ETRN" | "TURN" | "SEND" | "SOML" | "SAML" => Command::NotOffered,
        _ => Command::Unknown,
    }
}

fn after<'a>(argument: &'a str, keyword: &str) -> Option<&'a str> {
    let (head, rest) = argument.split_at_checked(keyword.len())?;
    head.eq_ignore_ascii_case(keyword).then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Command<'_>) {
        assert_eq!(read(line.as_bytes()), expected, "{line}");
    }

    #[test]
    fn commands() {
        check("EHLO mx.test", Command::Ehlo("mx.test"));
        check("helo  mx.test ", Command::Helo("mx.test"));
        check("MAIL FROM:<>", Command::Mail("<>"));
        check("mail from: <a@b.test> SIZE=10", Command::Mail("<a@b.test> SIZE=10"));
        check("MAIL <a@b.test>", Command::BadArgument);
        check("MAIL", Command::BadArgument);
        check("RCPT TO:<a@b.test>", Command::Rcpt("<a@b.test>"));
        check("RCPT FROM:<a@b.test>", Command::BadArgument);
        check("DATA", Command::Data);
        check("DATA now", Command::BadArgument);
        check("NOOP anything", Command::Noop);
        check("VRFY root", Command::Vrfy);
        check("AUTH PLAIN AAAA", Command::NotOffered);
        check("GET / HTTP/1.1", Command::Unknown);
        check("", Command::Unknown);
        check("NOOP\0", Command::Unknown);
        check("RCPT T\u{3042}", Command::BadArgument);
        assert_eq!(read(b"NOOP \xff"), Command::Unknown);
    }
}
