//! The merge fields a template may use.

use composition::TemplateSource;

/// Fields every contact has, under the names templates use; storage fills exactly these.
pub const CONTACT_FIELDS: [&str; 6] = ["name", "kana", "address", "phone", "company", "customer_number"];

/// Every word of a source that could be a field, for compiling a template whose fields were checked before.
pub(crate) fn named_in(source: &TemplateSource) -> Vec<&str> {
    let parts = [source.subject.as_str(), source.text.as_str(), source.html.as_deref().unwrap_or_default()];
    let mut names: Vec<&str> = parts
        .into_iter()
        .flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .filter(|word| !word.is_empty())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_source() {
        let source = TemplateSource {
            subject: "{{ name }}さま".into(),
            text: "{% if 前回のご注文 %}x{% endif %}".into(),
            html: None,
        };
        assert_eq!(named_in(&source), ["endif", "if", "name", "x", "さま", "前回のご注文"]);
    }
}
