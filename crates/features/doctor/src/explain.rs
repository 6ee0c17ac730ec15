//! Says in plain words what a step of the route test showed, and what to do about it.
//!
//! The words and the conditions under which they are said stand in `tables/route.toml`.

use std::sync::LazyLock;

use delivery::hop::TlsMode;
use serde::Deserialize;

use crate::probe::{ProbeRequest, Seen, Step, StepFact};

/// A step in the words of a shop owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepExplanation {
    /// A stable name of the finding, for example `tcp_port25_relay`.
    pub key: &'static str,
    /// Whether the walk could go on.
    pub ok: bool,
    /// What the step is, in Japanese.
    pub title_ja: String,
    /// What the step is, in English.
    pub title_en: String,
    /// What happened, in Japanese.
    pub what_ja: String,
    /// What happened, in English.
    pub what_en: String,
    /// What to do now, in Japanese; empty when nothing is to be done.
    pub todo_ja: String,
    /// What to do now, in English; empty when nothing is to be done.
    pub todo_en: String,
    /// The words of the server or of the system, as they came; empty when there were none.
    pub original: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Title {
    name: String,
    ja: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    key: String,
    #[serde(default)]
    steps: Vec<String>,
    #[serde(default)]
    seen: Vec<String>,
    route: Option<String>,
    port: Option<u16>,
    /// Modes with commas between.
    tls: Option<String>,
    login: Option<bool>,
    #[serde(default)]
    codes: Vec<u16>,
    #[serde(default)]
    status: Vec<String>,
    #[serde(default)]
    says: Vec<String>,
    what_ja: String,
    what_en: String,
    #[serde(default)]
    todo_ja: String,
    #[serde(default)]
    todo_en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    step: Vec<Title>,
    case: Vec<Case>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("../tables/route.toml"))
        .expect("route.toml is part of the program and checked by a test")
});

/// Longest text from outside that is repeated inside a sentence, in characters.
const QUOTE_CHARS_MAX: usize = 100;
/// Longest original that is shown, in characters.
const ORIGINAL_CHARS_MAX: usize = 2000;

/// Explains one step of a walk that `request` asked for.
#[must_use]
pub fn explain_step(fact: &StepFact, request: &ProbeRequest) -> StepExplanation {
    let scene = Scene::of(fact, request);
    let case = TABLE.case.iter().find(|case| case.fits(&scene)).expect("two last cases fit everything");
    let title = TABLE.step.iter().find(|title| title.name == scene.step).expect("a test asks for every step");
    let values = values_of(request);
    StepExplanation {
        key: &case.key,
        ok: matches!(fact.seen, Seen::Good(_) | Seen::Skipped),
        title_ja: title.ja.clone(),
        title_en: title.en.clone(),
        what_ja: fill(&case.what_ja, &values, |value| &value.ja),
        what_en: fill(&case.what_en, &values, |value| &value.en),
        todo_ja: fill(&case.todo_ja, &values, |value| &value.ja),
        todo_en: fill(&case.todo_en, &values, |value| &value.en),
        original: scene.words.chars().take(ORIGINAL_CHARS_MAX).collect(),
    }
}

/// A step with everything a condition can ask for.
struct Scene {
    step: &'static str,
    seen: &'static str,
    route: &'static str,
    port: u16,
    tls: &'static str,
    login: bool,
    code: u16,
    status: String,
    words: String,
    words_lower: String,
}

impl Scene {
    fn of(fact: &StepFact, request: &ProbeRequest) -> Self {
        let (seen, words) = seen_of(&fact.seen);
        let reply = if let Seen::Reply(reply) = &fact.seen { Some(reply) } else { None };
        Self {
            step: step_name(fact.step),
            seen,
            route: if request.host.is_some() { "relay" } else { "direct" },
            port: request.port,
            tls: tls_name(request.tls),
            login: request.login.is_some(),
            code: reply.map_or(0, |reply| reply.code),
            status: reply
                .and_then(|reply| reply.status)
                .map_or_else(String::new, |status| status.to_string()),
            words_lower: words.to_lowercase(),
            words,
        }
    }
}

impl Case {
    fn fits(&self, scene: &Scene) -> bool {
        let among = |list: &[String], name: &str| list.iter().any(|one| one == name);
        let failed = !matches!(scene.seen, "good" | "skipped");
        (self.steps.is_empty() || among(&self.steps, scene.step))
            && ((self.seen.is_empty() && failed) || among(&self.seen, scene.seen))
            && self.route.as_deref().is_none_or(|route| route == scene.route)
            && self.port.is_none_or(|port| port == scene.port)
            && self.tls.as_deref().is_none_or(|modes| modes.split(',').any(|mode| mode == scene.tls))
            && self.login.is_none_or(|login| login == scene.login)
            && (self.codes.is_empty() || self.codes.iter().any(|code| is_code(*code, scene.code)))
            && self.fits_words(scene)
    }

    /// A status and words are two signs of the same thing: one of them is enough.
    fn fits_words(&self, scene: &Scene) -> bool {
        (self.status.is_empty() && self.says.is_empty())
            || self.status.contains(&scene.status)
            || self.says.iter().any(|words| scene.words_lower.contains(words.as_str()))
    }
}

fn is_code(wanted: u16, code: u16) -> bool {
    if wanted < 10 { code / 100 == wanted } else { code == wanted }
}

fn step_name(step: Step) -> &'static str {
    match step {
        Step::Dns => "dns",
        Step::Tcp => "tcp",
        Step::Tls => "tls",
        Step::Ehlo => "ehlo",
        Step::Auth => "auth",
        Step::Mail => "mail",
        Step::Rcpt => "rcpt",
    }
}

fn tls_name(mode: TlsMode) -> &'static str {
    match mode {
        TlsMode::Opportunistic => "opportunistic",
        TlsMode::StartTls => "start_tls",
        TlsMode::Implicit => "implicit",
        TlsMode::None => "none",
    }
}

fn seen_of(seen: &Seen) -> (&'static str, String) {
    match seen {
        Seen::Good(words) => ("good", words.clone()),
        Seen::Skipped => ("skipped", String::new()),
        Seen::NoSuchHost => ("no_such_host", String::new()),
        Seen::DnsTrouble(words) => ("dns_trouble", words.clone()),
        Seen::Refused(words) => ("refused", words.clone()),
        Seen::TimedOut => ("timed_out", String::new()),
        Seen::Broken(words) => ("broken", words.clone()),
        Seen::TlsNotOffered => ("tls_not_offered", String::new()),
        Seen::CertificateWrong(words) => ("certificate_wrong", words.clone()),
        Seen::TlsFailed(words) => ("tls_failed", words.clone()),
        Seen::AuthNotOffered(words) => ("auth_not_offered", words.clone()),
        Seen::Reply(reply) => ("reply", reply.line()),
        Seen::NotSmtp(words) => ("not_smtp", words.clone()),
    }
}

/// A value for a place in a sentence.
struct Value {
    name: &'static str,
    ja: String,
    en: String,
}

fn values_of(request: &ProbeRequest) -> Vec<Value> {
    let same = |name, text: String| Value { name, ja: text.clone(), en: text };
    let host = match &request.host {
        Some(host) => same("host", host.clone()),
        None => Value {
            name: "host",
            ja: "宛先のメールサーバー".to_owned(),
            en: "the recipient's mail server".to_owned(),
        },
    };
    let name = request.login.as_ref().map_or_else(String::new, |login| login.name.clone());
    vec![
        host,
        same("port", request.port.to_string()),
        same("domain", request.recipient.domain().to_owned()),
        same("recipient", request.recipient.to_string()),
        same("from", request.reverse_path.to_string()),
        same("from_domain", request.reverse_path.domain().to_owned()),
        same("helo", request.helo_name.clone()),
        same("name", name),
    ]
}

/// Puts values into `{name}` places, once: a value is never read as a template again.
fn fill(template: &str, values: &[Value], pick: impl Fn(&Value) -> &String) -> String {
    let mut out = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else { break };
        if let Some(value) = values.iter().find(|value| value.name == name) {
            out.extend(pick(value).chars().filter(|c| !c.is_control()).take(QUOTE_CHARS_MAX));
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}
