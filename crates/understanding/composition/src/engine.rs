//! The merge language: minijinja with limits on work and output, and HTML escaping that cannot be turned off.

use std::{
    fmt,
    io::{self, Write},
    sync::Arc,
};

use minijinja::{
    Environment, Error, ErrorKind, Output, State, UndefinedBehavior,
    syntax::SyntaxConfig,
    value::{Object, Rest, Value},
};

use crate::{Part, ProblemKind};

/// Largest source of one part, in bytes.
pub(crate) const SOURCE_BYTES_MAX: usize = 512 * 1024;
/// Largest output of one body part, in bytes. au refuses mail over 3 MB, attachments and encoding included.
pub(crate) const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Largest subject, in bytes.
pub(crate) const SUBJECT_BYTES_MAX: usize = 2 * 1024;
/// Instructions one part may run; a page of a hundred fields needs a few hundred.
const FUEL: u64 = 100_000;

/// An empty engine with the rules of the house; parts are added by [`Part::name`].
pub(crate) fn new() -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    engine.set_fuel(Some(FUEL));
    engine.set_recursion_limit(40);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    engine.set_syntax(syntax.build().expect("the default delimiters are valid"));
    engine.set_formatter(format);
    // Values come from outside, so nothing may mark them as HTML.
    engine.remove_filter("safe");
    engine.remove_filter("tojson");
    engine.remove_global("debug");
    engine.add_filter("default", default);
    engine.add_filter("d", default);
    engine
}

/// Runs one part with one person's values.
pub(crate) fn run(engine: &Environment<'static>, part: Part, person: &Value) -> Result<String, Error> {
    let template = engine.get_template(part.name())?;
    let mut out =
        Bounded { text: String::with_capacity(template.source().len() + 256), limit: limit_of(part) };
    template.render_captured_to(person, &mut out)?;
    Ok(out.text)
}

/// What comes out of a part at most, in bytes.
pub(crate) fn limit_of(part: Part) -> usize {
    if part == Part::Subject { SUBJECT_BYTES_MAX } else { BODY_BYTES_MAX }
}

/// Says an engine error in our words. A missing value is named by the caller, who knows the person.
pub(crate) fn kind_of(error: &Error, part: Part) -> ProblemKind {
    let detail = || error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    match error.kind() {
        ErrorKind::OutOfFuel => ProblemKind::TooMuchWork,
        ErrorKind::WriteFailure => ProblemKind::TooLarge { limit: limit_of(part) },
        ErrorKind::UndefinedError => ProblemKind::MissingValue(String::new()),
        ErrorKind::UnknownFilter
        | ErrorKind::UnknownTest
        | ErrorKind::UnknownFunction
        | ErrorKind::UnknownMethod => ProblemKind::UnknownWord(unknown_word(&detail())),
        ErrorKind::SyntaxError
        | ErrorKind::BadEscape
        | ErrorKind::TemplateNotFound
        | ErrorKind::BadInclude
        | ErrorKind::UnknownBlock
        | ErrorKind::EvalBlock
        | ErrorKind::TooManyArguments
        | ErrorKind::MissingArgument => ProblemKind::Syntax(detail()),
        _ => ProblemKind::BadValue(detail()),
    }
}

/// minijinja says `filter foo is unknown`; the word is what the reader needs.
fn unknown_word(detail: &str) -> String {
    let word = detail.trim_end_matches(" is unknown").rsplit(' ').next().unwrap_or(detail);
    word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_owned()
}

/// `{{ name | default("お客様") }}`: the fallback counts for a missing and for a blank value alike, because a CSV
/// cannot tell the two apart.
fn default(value: &Value, args: Rest<Value>) -> Result<Value, Error> {
    if args.len() > 2 {
        return Err(Error::from(ErrorKind::TooManyArguments));
    }
    let blank =
        value.is_undefined() || value.is_none() || value.as_str().is_some_and(|text| text.trim().is_empty());
    Ok(if blank { args.first().cloned().unwrap_or_else(|| Value::from("")) } else { value.clone() })
}

/// Escapes in the HTML part whatever `{% autoescape %}` says; elsewhere writes the value as it is.
fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    let plain = state.name() != Part::Html.name() || value.is_safe();
    match value.as_str() {
        Some(text) if plain => out.write_str(text)?,
        Some(text) => escape(out, text)?,
        None if plain => write!(out, "{value}")?,
        None => escape(out, &value.to_string())?,
    }
    Ok(())
}

/// Leaves `/` alone, so that links stay readable in the source of the mail.
fn escape(out: &mut Output, text: &str) -> fmt::Result {
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => continue,
        };
        out.write_str(&text[written..at])?;
        out.write_str(entity)?;
        written = at + 1;
    }
    out.write_str(&text[written..])
}

/// The merge values one template uses. A field without a value is undefined.
#[derive(Debug)]
pub(crate) struct Person(pub(crate) Vec<(Arc<str>, Value)>);

impl Object for Person {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        self.0.iter().find(|(name, _)| **name == *key).map(|(_, value)| value.clone())
    }
}

/// Output that refuses to grow over its limit. What is written at once is whole characters.
struct Bounded {
    text: String,
    limit: usize,
}

impl Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.text.len() + more.len() > self.limit {
            return Err(io::Error::other("over the limit"));
        }
        self.text.push_str(simdutf8::basic::from_utf8(more).map_err(io::Error::other)?);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
