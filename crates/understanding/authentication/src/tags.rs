//! Tag lists, `a=b; c=d`, the form DKIM keys and DMARC policies are written in (RFC 6376 section 3.2).

/// A tag list, in order. Names are lower case; blanks around names and values are gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tags(Vec<(String, String)>);

/// What was wrong with a tag list that could still be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagDefect {
    /// A piece without `=`.
    NoEquals(String),
    /// A tag that stands there twice; the first one counts.
    Twice(String),
}

impl Tags {
    /// Reads a tag list; total.
    pub(crate) fn parse(text: &str) -> (Self, Vec<TagDefect>) {
        let mut tags = Self::default();
        let mut defects = Vec::new();
        for piece in text.split(';').map(str::trim).filter(|piece| !piece.is_empty()) {
            let Some((name, value)) = piece.split_once('=') else {
                defects.push(TagDefect::NoEquals(piece.to_owned()));
                continue;
            };
            let name = name.trim().to_ascii_lowercase();
            if tags.get(&name).is_some() {
                defects.push(TagDefect::Twice(name));
            } else {
                tags.0.push((name, value.trim().to_owned()));
            }
        }
        (tags, defects)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The name of the first tag: versions must stand first.
    pub(crate) fn first(&self) -> Option<(&str, &str)> {
        self.0.first().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The list written again, with one value changed or added.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let mut tags = self.0.clone();
        match tags.iter_mut().find(|(known, _)| known == name) {
            Some(tag) => value.clone_into(&mut tag.1),
            None => tags.push((name.to_owned(), value.to_owned())),
        }
        tags.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str, defects: usize) {
        let (tags, found) = Tags::parse(text);
        let seen: Vec<String> = tags.0.iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(seen.join("|"), expected, "{text}");
        assert_eq!(found.len(), defects, "{text}");
    }

    #[test]
    fn lists() {
        check("v=DKIM1; k=rsa; p=abc=", "v=DKIM1|k=rsa|p=abc=", 0);
        check(" V = DKIM1 ;p=;", "v=DKIM1|p=", 0);
        check("v=DMARC1 p=none", "v=DMARC1 p=none", 0);
        check("v=DMARC1; none", "v=DMARC1", 1);
        check("p=a; p=b", "p=a", 1);
        check("", "", 0);
        check(";;=", "=", 0);
    }

    #[test]
    fn one_value_changed() {
        let (tags, _) = Tags::parse("v=DMARC1;p=none");
        assert_eq!(tags.with("p", "reject"), "v=DMARC1; p=reject");
        assert_eq!(tags.with("rua", "mailto:a@b.example"), "v=DMARC1; p=none; rua=mailto:a@b.example");
    }
}
