//! A template, compiled once per broadcast and rendered once per person.

use std::{collections::BTreeSet, sync::Arc};

use minijinja::{Environment, Error, ErrorKind, value::Value};

use crate::{
    Links, Part, ProblemKind, Rendered, TemplateProblem, TemplateSource, Values, engine, header, links,
    plain::template_text, spans, suggest,
};

/// The merge fields every body has besides the person's own.
const LINK_FIELDS: [&str; 2] = ["unsubscribe_url", "view_url"];

/// A compiled template. Cheap to render, shared between threads.
///
/// Operators are trusted with loops and filters (within the limits on work and output); merge values are not
/// trusted at all: in HTML they are always escaped, in the subject they cannot break the line.
#[derive(Debug)]
pub struct Template {
    engine: Environment<'static>,
    subject: Source,
    text: Source,
    html: Option<Source>,
    fields: BTreeSet<String>,
    names: Vec<Arc<str>>,
}

/// One part: what was written, and whether the engine is needed for it.
#[derive(Debug)]
struct Source {
    part: Part,
    written: String,
    is_static: bool,
    /// Links stand in it as merge fields.
    records: bool,
}

impl Template {
    /// Reads a template. `known_fields` are the merge fields that exist; links are known by themselves.
    ///
    /// # Errors
    /// Every problem found, in the order of the parts, so that they can be shown all at once.
    pub fn compile(source: &TemplateSource, known_fields: &[&str]) -> Result<Self, Vec<TemplateProblem>> {
        Self::compile_recording(source, known_fields, &[])
    }

    /// The same, with [`Links::recorded`] in place of each link to one of `targets` ([`TemplateLinks::read`]).
    ///
    /// # Errors
    /// As [`Template::compile`].
    ///
    /// [`TemplateLinks::read`]: crate::TemplateLinks::read
    pub fn compile_recording(
        source: &TemplateSource,
        known_fields: &[&str],
        targets: &[String],
    ) -> Result<Self, Vec<TemplateProblem>> {
        let html = source.html.as_deref().filter(|html| !html.trim().is_empty());
        let derived = html.filter(|_| source.text.trim().is_empty()).map(template_text);
        let mut template = Self {
            engine: engine::new(),
            subject: Source::new(Part::Subject, &source.subject),
            text: Source::new(Part::Text, derived.as_deref().unwrap_or(&source.text)),
            html: html.map(|html| Source::new(Part::Html, html)),
            fields: BTreeSet::new(),
            names: Vec::new(),
        };
        if !targets.is_empty() {
            template.record(targets);
        }
        let mut problems = Vec::new();
        for part in
            [Some(&template.subject), Some(&template.text), template.html.as_ref()].into_iter().flatten()
        {
            match part.compile(&mut template.engine, known_fields) {
                Ok(fields) => template.fields.extend(fields),
                Err(found) => problems.extend(found),
            }
        }
        // What is wrong with a derived text is wrong with its HTML, where the operator can see it.
        if derived.is_some() && problems.iter().any(|problem| problem.part == Part::Html) {
            problems.retain(|problem| problem.part != Part::Text);
        }
        template.names = template.fields.iter().map(|name| Arc::from(name.as_str())).collect();
        template
            .fields
            .retain(|name| !LINK_FIELDS.contains(&name.as_str()) && links::number_of(name).is_none());
        if problems.is_empty() { Ok(template) } else { Err(problems) }
    }

    fn record(&mut self, targets: &[String]) {
        let marked = self.html.as_ref().map(|html| links::marked(&html.written)).unwrap_or_default();
        self.text.record(links::record_text(&self.text.written, targets, &marked));
        if let Some(html) = &mut self.html {
            html.record(links::record_html(&html.written, targets));
        }
    }

    /// The merge fields the template uses, links left out.
    #[must_use]
    pub fn fields(&self) -> &BTreeSet<String> {
        &self.fields
    }

    /// The fields without which a person cannot be written to: those that have no `default` and stand in no `if`.
    /// Count who lacks them before sending; each of these people would be withheld.
    #[must_use]
    pub fn required_fields(&self) -> BTreeSet<String> {
        let links = Links {
            unsubscribe_url: Some("https://example.invalid/".to_owned()),
            view_url: Some("https://example.invalid/".to_owned()),
            recorded: Vec::new(),
        };
        let everything: Values = self.fields.iter().map(|name| (name.clone(), "1".to_owned())).collect();
        let is_required = |name: &&String| {
            let mut values = everything.clone();
            values.remove(*name);
            self.render(&values, &links)
                .is_err_and(|problem| problem.kind == ProblemKind::MissingValue((*name).clone()))
        };
        self.fields.iter().filter(is_required).cloned().collect()
    }

    /// Fills in one person's values.
    ///
    /// # Errors
    /// When a value is missing and has no `default`, does not fit a filter, or the result passes a limit.
    pub fn render(&self, values: &Values, links: &Links) -> Result<Rendered, TemplateProblem> {
        let find = |name: &str| value_of(values, links, name);
        let person = person(&self.names, find);
        let fill = |source: &Source| -> Result<String, TemplateProblem> {
            if source.is_static {
                return Ok(source.written.clone());
            }
            engine::run(&self.engine, source.part, &person)
                .map_err(|error| source.explain(&error, |name| find(name).is_none()))
        };
        let subject = fill(&self.subject)?;
        Ok(Rendered {
            subject: header::one_line(&subject).into_owned(),
            text: fill(&self.text)?,
            html: self.html.as_ref().map(fill).transpose()?,
        })
    }
}

impl Source {
    fn new(part: Part, written: &str) -> Self {
        // Browsers post CRLF; the engine counts and trims lines by LF.
        let written = written.replace("\r\n", "\n").replace('\r', "\n");
        Self { part, is_static: spans::is_static(&written), written, records: false }
    }

    /// Takes the same part with links as merge fields.
    fn record(&mut self, mut written: String) {
        let is_static = spans::is_static(&written);
        // The engine takes one line break from the end, and would not have been needed without the links.
        if self.is_static && !is_static && written.ends_with('\n') {
            written.push('\n');
        }
        *self = Self { part: self.part, is_static, written, records: true };
    }

    /// Adds the part to the engine and answers the fields it uses.
    fn compile(
        &self,
        engine: &mut Environment<'static>,
        known_fields: &[&str],
    ) -> Result<BTreeSet<String>, Vec<TemplateProblem>> {
        // A field may be longer than the link it stands for; what was written was measured before.
        if !self.records && self.written.len() > engine::SOURCE_BYTES_MAX {
            return Err(vec![self.problem(0, ProblemKind::TooLarge { limit: engine::SOURCE_BYTES_MAX })]);
        }
        if self.is_static {
            return Ok(BTreeSet::new());
        }
        engine
            .add_template_owned(self.part.name(), self.written.clone())
            .map_err(|error| vec![self.explain(&error, |_| false)])?;
        let fields = self.fields(engine);
        let problems = self.unknown_fields(&fields, known_fields);
        if !problems.is_empty() {
            return Err(problems);
        }
        self.rehearse(engine, &fields).map_err(|problem| vec![problem])?;
        Ok(fields)
    }

    /// The names that are neither set in the template nor part of the language.
    fn fields(&self, engine: &Environment<'static>) -> BTreeSet<String> {
        let Ok(template) = engine.get_template(self.part.name()) else { return BTreeSet::new() };
        let language: BTreeSet<&str> = engine.globals().map(|(name, _)| name).collect();
        let names = template.undeclared_variables(false);
        names.into_iter().filter(|name| !language.contains(name.as_str())).collect()
    }

    fn unknown_fields(&self, fields: &BTreeSet<String>, known_fields: &[&str]) -> Vec<TemplateProblem> {
        let own: &[&str] = if self.part == Part::Subject { &[] } else { &LINK_FIELDS };
        let known: Vec<&str> = known_fields.iter().chain(own).copied().collect();
        let unknown = fields.iter().filter(|name| !known.contains(&name.as_str()));
        let mut problems: Vec<_> = unknown
            .filter(|name| !(self.records && links::number_of(name).is_some()))
            .map(|name| {
                let suggestion = suggest::nearest(name, &known).map(str::to_owned);
                let kind = ProblemKind::UnknownField { name: name.clone(), suggestion };
                self.problem(spans::line_of(&self.written, name), kind)
            })
            .collect();
        problems.sort_by_key(|problem| problem.line);
        problems
    }

    /// The engine finds unknown filters and endless loops only while it runs, so it runs once for nobody.
    fn rehearse(
        &self,
        engine: &Environment<'static>,
        fields: &BTreeSet<String>,
    ) -> Result<(), TemplateProblem> {
        let names: Vec<Arc<str>> = fields.iter().map(|name| Arc::from(name.as_str())).collect();
        let problem = engine::run(engine, self.part, &person(&names, |_| Some("1")))
            .err()
            .map(|error| self.explain(&error, |_| false));
        match problem {
            // These depend on the person's values.
            Some(TemplateProblem {
                kind: ProblemKind::BadValue(_) | ProblemKind::MissingValue(_), ..
            })
            | None => Ok(()),
            Some(problem) => Err(problem),
        }
    }

    /// Says an engine error; a missing value is the first absent field on that line, else the first absent one.
    fn explain(&self, error: &Error, is_absent: impl Fn(&str) -> bool) -> TemplateProblem {
        let line = error.line().unwrap_or(0);
        if error.kind() != ErrorKind::UndefinedError {
            return self.problem(line, engine::kind_of(error, self.part));
        }
        let words = spans::words(&self.written);
        let absent = |on_line: bool| {
            words
                .iter()
                .find(|(at, word)| (!on_line || *at == line) && is_absent(word))
                .map(|(_, word)| *word)
        };
        // `{{ order.id }}` is missing although `order` is there: quote what stands on the line.
        let quoted = || spans::code_on_line(&self.written, line);
        let name = absent(true).or_else(|| absent(false)).or_else(quoted).unwrap_or_default();
        self.problem(line, ProblemKind::MissingValue(name.to_owned()))
    }

    fn problem(&self, line: usize, kind: ProblemKind) -> TemplateProblem {
        TemplateProblem::new(self.part, line, kind)
    }
}

fn value_of<'a>(values: &'a Values, links: &'a Links, name: &str) -> Option<&'a str> {
    match name {
        "unsubscribe_url" => links.unsubscribe_url.as_deref(),
        "view_url" => links.view_url.as_deref(),
        _ => match links::number_of(name) {
            Some(number) => links.recorded.get(number).map(String::as_str),
            None => values.get(name).map(String::as_str),
        },
    }
}

fn person<'a>(names: &[Arc<str>], find: impl Fn(&str) -> Option<&'a str>) -> Value {
    let known = names.iter().filter_map(|name| Some((Arc::clone(name), Value::from(find(name)?))));
    Value::from_object(engine::Person(known.collect()))
}
