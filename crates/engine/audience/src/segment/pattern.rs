//! A small pattern language for texts, read by ourselves so that both databases understand the same and no pattern can
//! take long: no look-around, no back references, bounded repeats.

/// Longest pattern, in characters.
pub const PATTERN_CHARS_MAX: usize = 200;
/// Largest number in `{m,n}`.
const REPEAT_MAX: u32 = 100;
/// Largest pattern when its repeats are written out, in characters.
const SIZE_MAX: u32 = 2_000;
/// Brackets inside brackets.
const DEPTH_MAX: usize = 10;

/// What is wrong with a pattern, as the key of a sentence.
pub type Fault = &'static str;

/// The pattern in the form both databases take: `.`, `[a-z]`, `[^0-9]`, `\d`, `\w`, `\s`, `?`, `*`, `+`, `{m,n}`, `|`,
/// `( )`, `^`, `$`; everything else stands for itself.
///
/// # Errors
/// The key of a sentence that says what is wrong.
pub fn compiled(pattern: &str) -> Result<String, Fault> {
    if pattern.trim().is_empty() {
        return Err("pattern_empty");
    }
    if pattern.chars().count() > PATTERN_CHARS_MAX {
        return Err("pattern_long");
    }
    let mut reader = Reader { rest: pattern.chars().peekable(), out: String::new() };
    let size = reader.alternatives(0)?;
    if reader.rest.next().is_some() {
        return Err("pattern_bracket");
    }
    if size > SIZE_MAX { Err("pattern_large") } else { Ok(reader.out) }
}

struct Reader<'p> {
    rest: std::iter::Peekable<std::str::Chars<'p>>,
    out: String,
}

impl Reader<'_> {
    /// Branches up to a closing bracket or the end; returns their size.
    fn alternatives(&mut self, depth: usize) -> Result<u32, Fault> {
        if depth > DEPTH_MAX {
            return Err("pattern_large");
        }
        let mut size = self.branch(depth)?;
        while self.rest.next_if_eq(&'|').is_some() {
            self.out.push('|');
            size = size.saturating_add(self.branch(depth)?);
        }
        Ok(size)
    }

    fn branch(&mut self, depth: usize) -> Result<u32, Fault> {
        let mut size = 0_u32;
        let mut pieces = 0;
        while let Some(&next) = self.rest.peek() {
            if matches!(next, '|' | ')') {
                break;
            }
            size = size.saturating_add(self.piece(depth)?);
            pieces += 1;
        }
        if pieces == 0 { Err("pattern_nothing") } else { Ok(size) }
    }

    fn piece(&mut self, depth: usize) -> Result<u32, Fault> {
        let Some(first) = self.rest.next() else { return Err("pattern_nothing") };
        let size = match first {
            '^' | '$' => {
                self.out.push(first);
                return if self.rest.peek().is_some_and(|next| "?*+{".contains(*next)) {
                    Err("pattern_repeat")
                } else {
                    Ok(1)
                };
            }
            '(' => {
                self.out.push_str("(?:");
                let size = self.alternatives(depth + 1)?;
                self.rest.next_if_eq(&')').ok_or("pattern_bracket")?;
                self.out.push(')');
                size
            }
            '[' => self.class()?,
            '.' => {
                self.out.push_str("(?:.|\\n)");
                1
            }
            '\\' => {
                let (text, is_set) = self.escaped()?;
                self.out.push_str(&if is_set { format!("[{text}]") } else { text });
                1
            }
            '?' | '*' | '+' | '{' => return Err("pattern_repeat"),
            ']' | '}' => return Err("pattern_bracket"),
            letter => {
                push_literal(&mut self.out, letter);
                1
            }
        };
        let most = self.repeat()?;
        Ok(size.saturating_mul(most))
    }

    /// A repeat behind a piece; returns how often the piece stands there at most when written out.
    fn repeat(&mut self) -> Result<u32, Fault> {
        let most = match self.rest.peek() {
            Some(sign @ ('?' | '*' | '+')) => {
                self.out.push(*sign);
                self.rest.next();
                1
            }
            Some('{') => {
                self.rest.next();
                self.counts()?
            }
            _ => return Ok(1),
        };
        if self.rest.peek().is_some_and(|next| "?*+{".contains(*next)) {
            Err("pattern_repeat")
        } else {
            Ok(most)
        }
    }

    /// `m}`, `m,}` or `m,n}`.
    fn counts(&mut self) -> Result<u32, Fault> {
        let mut text = String::new();
        loop {
            match self.rest.next() {
                Some('}') => break,
                Some(sign) if sign.is_ascii_digit() || sign == ',' => text.push(sign),
                _ => return Err("pattern_repeat"),
            }
        }
        let number = |digits: &str| {
            digits.parse::<u32>().ok().filter(|count| *count <= REPEAT_MAX).ok_or("pattern_repeat")
        };
        let (least, most) = match text.split_once(',') {
            None => (number(&text)?, Some(number(&text)?)),
            Some((least, "")) => (number(least)?, None),
            Some((least, most)) => (number(least)?, Some(number(most)?)),
        };
        if most.is_some_and(|most| most < least || most == 0) {
            return Err("pattern_repeat");
        }
        self.out.push_str(&match most {
            Some(most) => format!("{{{least},{most}}}"),
            None => format!("{{{least},}}"),
        });
        Ok(most.unwrap_or(least).max(1))
    }

    /// What stands behind a backslash, and whether it is a set of letters.
    fn escaped(&mut self) -> Result<(String, bool), Fault> {
        let letter = self.rest.next().ok_or("pattern_escape")?;
        Ok(match letter {
            'd' => ("0-9".to_owned(), true),
            'w' => ("A-Za-z0-9_".to_owned(), true),
            's' => (" \\t\\n\\r\u{3000}".to_owned(), true),
            letter if letter.is_ascii_alphanumeric() => return Err("pattern_escape"),
            letter => {
                let mut text = String::new();
                push_literal(&mut text, letter);
                (text, false)
            }
        })
    }

    fn class(&mut self) -> Result<u32, Fault> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut items = 0;
        loop {
            match self.rest.next().ok_or("pattern_bracket")? {
                ']' if items > 0 => break,
                ']' => return Err("pattern_nothing"),
                '\\' => self.escaped_in_class()?,
                letter => self.range_from(letter)?,
            }
            items += 1;
        }
        self.out.push(']');
        Ok(1)
    }

    fn escaped_in_class(&mut self) -> Result<(), Fault> {
        match self.rest.peek() {
            Some('d' | 'w' | 's') => {
                let (text, _) = self.escaped()?;
                self.out.push_str(&text);
            }
            Some(letter) if !letter.is_ascii_alphanumeric() => {
                let letter = *letter;
                self.rest.next();
                push_in_class(&mut self.out, letter);
            }
            _ => return Err("pattern_escape"),
        }
        Ok(())
    }

    fn range_from(&mut self, first: char) -> Result<(), Fault> {
        push_in_class(&mut self.out, first);
        let mut ahead = self.rest.clone();
        if ahead.next() != Some('-') || matches!(ahead.peek(), None | Some(']' | '\\')) {
            return Ok(());
        }
        self.rest.next();
        let last = self.rest.next().ok_or("pattern_bracket")?;
        if last < first {
            return Err("pattern_range");
        }
        self.out.push('-');
        push_in_class(&mut self.out, last);
        Ok(())
    }
}

fn push_literal(out: &mut String, letter: char) {
    if ".+*?()|[]{}^$\\".contains(letter) {
        out.push('\\');
    }
    out.push(letter);
}

fn push_in_class(out: &mut String, letter: char) {
    if "[]^-\\&~".contains(letter) {
        out.push('\\');
    }
    out.push(letter);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expected: &str) {
        assert_eq!(compiled(pattern).as_deref(), Ok(expected), "{pattern}");
    }

    fn wrong(pattern: &str, expected: Fault) {
        assert_eq!(compiled(pattern), Err(expected), "{pattern}");
    }

    #[test]
    fn patterns() {
        check("^03-\\d{4}", "^03-[0-9]{4,4}");
        check("a.c$", "a(?:.|\\n)c$");
        check("(株|有)式?", "(?:株|有)式?");
        check("[^a-z\\d_-]+", "[^a-z0-9_\\-]+");
        check("[あ-ん[]", "[あ-ん\\[]");
        check("a\\.b\\\\", "a\\.b\\\\");
        check("<b>&~", "<b>&~");
    }

    #[test]
    fn what_is_refused() {
        wrong("  ", "pattern_empty");
        wrong("(a", "pattern_bracket");
        wrong("a)", "pattern_bracket");
        wrong("[a", "pattern_bracket");
        wrong("a**", "pattern_repeat");
        wrong("a+?", "pattern_repeat");
        wrong("*a", "pattern_repeat");
        wrong("^*", "pattern_repeat");
        wrong("a{101}", "pattern_repeat");
        wrong("a{3,2}", "pattern_repeat");
        wrong("a{,2}", "pattern_repeat");
        wrong("(?=a)", "pattern_repeat");
        wrong("\\1", "pattern_escape");
        wrong("\\b", "pattern_escape");
        wrong("[z-a]", "pattern_range");
        wrong("a|", "pattern_nothing");
        wrong("[]", "pattern_nothing");
        wrong("((a{100}){100}){100}", "pattern_large");
        wrong(&"a".repeat(201), "pattern_long");
        wrong(&"(".repeat(100), "pattern_large");
    }
}
