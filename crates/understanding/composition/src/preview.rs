//! HTML that is safe to show inside our own pages.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::Builder;

/// The HTML of a mail for a preview on screen: no scripts, forms, frames or event handlers; the tables, colours and
/// inline styles that mail is made of stay.
#[must_use]
pub fn safe_preview(html: &str) -> String {
    CLEANER.clean(html).to_string()
}

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let layout = ["align", "valign", "width", "height", "bgcolor", "style"];
    let table = ["border", "cellpadding", "cellspacing"];
    let mut cleaner = Builder::default();
    cleaner
        .add_tags(["center", "font"])
        .add_clean_content_tags(["title"])
        .attribute_filter(|_, attribute, value| {
            Some(if attribute == "style" { plain_backgrounds(value) } else { Cow::Borrowed(value) })
        })
        .add_generic_attributes(layout)
        .add_tag_attributes("table", table)
        .add_tag_attributes("font", ["color", "size", "face"])
        .set_tag_attribute_values(HashMap::from([("a", HashMap::from([("target", "_blank")]))]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .filter_style_properties(HashSet::from(STYLES));
    cleaner
});

/// Mail mostly writes `background:#fff`. The shorthand may load pictures, so only its plain colours are kept, under the
/// longer name.
fn plain_backgrounds(style: &str) -> Cow<'_, str> {
    if !style.to_ascii_lowercase().contains("background") {
        return Cow::Borrowed(style);
    }
    let declarations = style.split(';').map(|declaration| match declaration.split_once(':') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("background") && is_colour(value) => {
            format!("background-color:{value}")
        }
        _ => declaration.to_owned(),
    });
    Cow::Owned(declarations.collect::<Vec<_>>().join(";"))
}

fn is_colour(value: &str) -> bool {
    let value = value.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || "#(),.% ".contains(c);
    let names = ["rgb(", "rgba(", "hsl(", "hsla("];
    value.chars().all(plain)
        && (!value.contains('(') || names.iter().any(|name| value.to_ascii_lowercase().starts_with(name)))
}

/// Properties that cannot load anything or leave the place they are in.
const STYLES: [&str; 34] = [
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-color",
    "border-left",
    "border-radius",
    "border-right",
    "border-spacing",
    "border-style",
    "border-top",
    "border-width",
    "color",
    "display",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-width",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "text-align",
    "width",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, kept: &[&str], gone: &[&str]) {
        let seen = safe_preview(html);
        for part in kept {
            assert!(seen.contains(part), "{part} is missing in {seen}");
        }
        for part in gone {
            assert!(!seen.contains(part), "{part} is left in {seen}");
        }
    }

    #[test]
    fn previews() {
        check("<p>こんにちは</p><script>alert(1)</script>", &["<p>こんにちは</p>"], &["alert", "script"]);
        check("<img src=x onerror=alert(1)>", &["<img"], &["onerror", "src"]);
        check("<a href='javascript:alert(1)'>x</a>", &["x"], &["javascript"]);
        check("<a href='https://shop.example/'>x</a>", &["https://shop.example/", "noopener", "_blank"], &[]);
        check("<td bgcolor='#fff' style='color:red;position:fixed'>x</td>", &[], &["position"]);
        check(
            "<table><tr><td bgcolor='#fff' style='color:red'>x</td></tr></table>",
            &["bgcolor", "color:red"],
            &[],
        );
        check("<div style='background:url(https://spy.example/)'>x</div>", &["x"], &["spy"]);
        check("<form action='https://evil.example'><input name=a></form>", &[], &["form", "input"]);
        check("<iframe src='https://evil.example'></iframe><style>p{}</style>", &[], &["iframe", "style"]);
        check("<title>件名</title><p>本文</p>", &["本文"], &["件名"]);
        check("<p style='background:#2f6b4f'>x</p>", &["background-color:#2f6b4f"], &[]);
        check(
            "<p style='color:red;BACKGROUND: rgb(1, 2, 3)'>x</p>",
            &["color:red", "background-color:"],
            &[],
        );
        check("<p style='background:#fff url(https://spy.example/)'>x</p>", &["x"], &["spy", "background"]);
        check("<p style='background:image-set(x)'>x</p>", &["x"], &["image"]);
        check("", &[], &["<"]);
    }
}
