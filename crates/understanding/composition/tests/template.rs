//! The merge language as marketers use it, and as they get it wrong.

use composition::{Links, Rendered, Template, TemplateProblem, TemplateSource, Values};

const FIELDS: [&str; 5] = ["name", "last_name", "order_number", "price", "お名前"];

fn source(subject: &str, text: &str, html: Option<&str>) -> TemplateSource {
    TemplateSource { subject: subject.into(), text: text.into(), html: html.map(str::to_owned) }
}

fn values(pairs: &[(&str, &str)]) -> Values {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn said(problem: &TemplateProblem) -> String {
    format!("{} {} {} {:?}", problem.part, problem.line, problem.kind.name(), problem.kind)
}

fn links() -> Links {
    Links { unsubscribe_url: Some("https://mail.example/u/1?a=b&c=d".into()), ..Links::default() }
}

fn render(template: &TemplateSource, person: &[(&str, &str)]) -> Result<Rendered, String> {
    let template = Template::compile(template, &FIELDS)
        .map_err(|problems| problems.iter().map(said).collect::<Vec<_>>().join("; "))?;
    template.render(&values(person), &links()).map_err(|problem| said(&problem))
}

fn check_text(text: &str, person: &[(&str, &str)], expected: &str) {
    let seen = render(&source("s", text, None), person).map_or_else(|e| e, |r| r.text);
    assert_eq!(seen, expected, "{text} {person:?}");
}

fn check_html(html: &str, person: &[(&str, &str)], expected: &str) {
    let seen =
        render(&source("s", "t", Some(html)), person).map_or_else(|e| e, |r| r.html.unwrap_or_default());
    assert_eq!(seen, expected, "{html} {person:?}");
}

fn check_subject(subject: &str, person: &[(&str, &str)], expected: &str) {
    let seen = render(&source(subject, "t", None), person).map_or_else(|e| e, |r| r.subject);
    assert_eq!(seen, expected, "{subject} {person:?}");
}

#[test]
fn merging() {
    check_text("{{ name }} 様", &[("name", "濵髙 花子")], "濵髙 花子 様");
    check_text("{{ お名前 }} 様", &[("お名前", "花子")], "花子 様");
    check_text("{{ name }}", &[("name", "👨\u{200d}👩\u{200d}👧")], "👨\u{200d}👩\u{200d}👧");
    check_text("{{ name }}", &[("name", "{{ price }}<b>")], "{{ price }}<b>");
    check_text("a\r\nb {{ name }}\r\n", &[("name", "x")], "a\nb x");
    check_text("{{ name }}", &[("name", "")], "");
    check_text("{{ unsubscribe_url }}", &[], "https://mail.example/u/1?a=b&c=d");
    check_text("{{ unsubscribe_url }}", &[("unsubscribe_url", "evil")], "https://mail.example/u/1?a=b&c=d");
    check_text("{% if name %}{{ name }}様{% else %}皆様{% endif %}", &[], "皆様");
    check_text("a\n{% if name %}\nb\n{% endif %}\nc", &[("name", "x")], "a\nb\nc");
    check_text("{% for i in range(3) %}{{ i }}{% endfor %}", &[], "012");
    check_text("{{ price | int + 1 }}円", &[("price", "41")], "42円");
    check_text("no fields", &[], "no fields");
    check_text("", &[], "");
}

#[test]
fn fallbacks() {
    let text = "{{ name | default(\"お客様\") }}";
    check_text(text, &[], "お客様");
    check_text(text, &[("name", "")], "お客様");
    check_text(text, &[("name", " \u{3000}")], "お客様");
    check_text(text, &[("name", "花子")], "花子");
    check_text("{{ name | d('x') }}", &[], "x");
    check_text("{{ name or 'x' }}", &[], "x");
    check_text("{{ name or 'x' }}", &[("name", "")], "x");
    check_text("{{ name | default }}!", &[], "!");
}

#[test]
fn problems_of_a_person() {
    check_text("a\n{{ name }}", &[], "text 2 missing_value MissingValue(\"name\")");
    check_text("{{ name }}\n{{ price }}", &[("name", "x")], "text 2 missing_value MissingValue(\"price\")");
    check_text("\n{{ name.first }}", &[("name", "x")], "text 2 missing_value MissingValue(\"name.first\")");
    check_text("{{ view_url }}", &[], "text 1 missing_value MissingValue(\"view_url\")");
    check_subject("{{ name }}様", &[], "subject 1 missing_value MissingValue(\"name\")");
    let seen = render(&source("s", "{{ price | int }}", None), &[("price", "千円")]).unwrap_err();
    assert!(seen.starts_with("text 1 bad_value"), "{seen}");
    let huge = "あ".repeat(2_000_000);
    check_text("{{ name }}", &[("name", &huge)], "text 0 too_large TooLarge { limit: 2097152 }");
    check_subject("{{ name }}", &[("name", &huge)], "subject 0 too_large TooLarge { limit: 2048 }");
}

#[test]
fn problems_of_a_template() {
    let unknown = |line: usize, name: &str, with: &str| {
        format!(
            "text {line} unknown_field_suggestion UnknownField {{ name: {name:?}, suggestion: Some({with:?}) }}"
        )
    };
    check_text("\n{{ nam }}", &[], &unknown(2, "nam", "name"));
    check_text("{{ ｎａｍｅ }}", &[], &unknown(1, "ｎａｍｅ", "name"));
    check_text("{{ Last_Name }}", &[], &unknown(1, "Last_Name", "last_name"));
    check_text("{{ zzz }}", &[], "text 1 unknown_field UnknownField { name: \"zzz\", suggestion: None }");
    check_text("{{ name | uper }}", &[], "text 1 unknown_word UnknownWord(\"uper\")");
    check_text("{{ name | safe }}", &[], "text 1 unknown_word UnknownWord(\"safe\")");
    check_text(
        "a\n{{ name",
        &[],
        "text 2 syntax Syntax(\"unexpected end of input, expected end of variable block\")",
    );
    let seen = render(&source("s", "{% if name %}", None), &[]).unwrap_err();
    assert!(seen.starts_with("text 1 syntax"), "{seen}");
    let seen = render(&source("s", "{% include 'x' %}", None), &[]).unwrap_err();
    assert!(seen.starts_with("text 1 syntax"), "{seen}");
    let endless = "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}";
    check_text(endless, &[], "text 1 too_much_work TooMuchWork");
    let long = "x".repeat(600 * 1024);
    check_text(&long, &[], "text 0 too_large TooLarge { limit: 524288 }");
    check_subject(
        "{{ unsubscribe_url }}",
        &[],
        "subject 1 unknown_field UnknownField { name: \"unsubscribe_url\", suggestion: None }",
    );
}

#[test]
fn all_problems_at_once() {
    let problems = Template::compile(&source("{{ a }}", "{{ b }}", Some("{{ c }}")), &[]).unwrap_err();
    assert_eq!(problems.len(), 3);
    let problems = Template::compile(&source("s", "", Some("\n{{ c }}")), &[]).unwrap_err();
    assert_eq!(problems.iter().map(said).collect::<Vec<_>>().len(), 1);
    assert_eq!(problems[0].line, 2);
}

#[test]
fn html_is_escaped_whatever_the_template_says() {
    let evil = [("name", "<img src=x onerror='a(\"b\")'>&")];
    let safe = "&lt;img src=x onerror=&#39;a(&quot;b&quot;)&#39;&gt;&amp;";
    check_html("<p>{{ name }}</p>", &evil, &format!("<p>{safe}</p>"));
    check_html("{% autoescape false %}{{ name }}{% endautoescape %}", &evil, safe);
    check_html("{{ name | e }}", &evil, safe.replace("&#39;", "&#x27;").as_str());
    check_html("{{ name | default('<b>') }}", &[], "&lt;b&gt;");
    check_html(
        "<a href=\"{{ unsubscribe_url }}\">",
        &[],
        "<a href=\"https://mail.example/u/1?a=b&amp;c=d\">",
    );
    check_html("{{ [name] }}", &[("name", "<")], "[&#39;&lt;&#39;]");
}

#[test]
fn subjects_stay_on_one_line() {
    check_subject(
        "ご注文 {{ name }}",
        &[("name", "a\r\nBcc: x@evil.example")],
        "ご注文 a  Bcc: x@evil.example",
    );
    check_subject("  a\tb\u{202e} ", &[], "a b");
}

#[test]
fn text_is_derived_from_html() {
    let template =
        source("s", " \n", Some("<p>{{ name }} 様</p><p><a href='{{ unsubscribe_url }}'>停止</a></p>"));
    let seen = render(&template, &[("name", "A & B")]).unwrap();
    assert_eq!(seen.text, "A & B 様\n\n停止 ( https://mail.example/u/1?a=b&c=d )");
}

#[test]
fn fields_are_known_without_links() {
    let template =
        Template::compile(&source("{{ name }}", "{{ price }} {{ unsubscribe_url }}", None), &FIELDS).unwrap();
    assert_eq!(template.fields().iter().map(String::as_str).collect::<Vec<_>>(), ["name", "price"]);
}

#[test]
fn required_fields() {
    let text = "{{ name }}{{ price | default('-') }}{% if order_number %}{{ order_number }}{% endif %}{{ unsubscribe_url }}";
    let template = Template::compile(&source("{{ last_name }}", text, None), &FIELDS).unwrap();
    assert_eq!(
        template.required_fields().iter().map(String::as_str).collect::<Vec<_>>(),
        ["last_name", "name"]
    );
}

#[test]
fn templates_are_shared_between_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Template>();
}
