//! Conditions on what the ledger says: agreements in force, by topic and basis, and withdrawals.

use audience::segment::{Condition, Test, read_day, start_of};

use super::compile::{Compiler, Shape};

/// A condition on agreements or withdrawals; never NULL.
pub(super) fn condition(compiler: &mut Compiler<'_>, condition: &Condition) -> String {
    let topic = condition.value(0).parse::<i64>().ok().map(|topic| compiler.arg(topic));
    match condition.test {
        Test::Withdrawn => withdrawn(compiler, topic.as_deref(), condition),
        test => {
            let given = given(compiler, topic.as_deref(), condition);
            if test == Test::NotGiven { format!("NOT {given}") } else { given }
        }
    }
}

/// Agreed to all advertising, or to the topic, and refuses the topic in no way.
fn given(compiler: &mut Compiler<'_>, topic: Option<&str>, condition: &Condition) -> String {
    let mut general = vec!["c.consent IS NOT NULL AND c.consented_at IS NOT NULL".to_owned()];
    general.extend(window(compiler, "c.consented_at", condition));
    let basis = Some(condition.value(3)).filter(|basis| !basis.is_empty()).map(|basis| compiler.arg(basis));
    general.extend(basis.as_ref().map(|basis| format!("c.consent = {basis}")));
    let general = format!("({})", general.join(" AND "));
    let Some(topic) = topic else { return general };
    let mut own = vec![format!("e.topic_id = {topic} AND e.act = 'given'")];
    own.extend(window(compiler, "e.at", condition));
    own.extend(basis.map(|basis| {
        format!("EXISTS (SELECT 1 FROM consent_sources s WHERE s.id = e.source_id AND s.basis = {basis})")
    }));
    own.push(no_later("withdrawn", &format!("(w.topic_id = {topic} OR w.topic_id IS NULL)")));
    let own = somebody_with(compiler, &own.join(" AND "));
    let refused = format!(
        "(EXISTS (SELECT 1 FROM topic_opt_outs o WHERE o.topic_id = {topic} AND o.contact_id = c.id))"
    );
    format!("(({general} OR {own}) AND NOT {refused})")
}

/// Contact `c` has agreed to the topic itself, and `enough` holds for the basis `s.basis`.
pub(crate) fn agreed_to_topic(topic: &str, enough: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM consents e JOIN contacts p ON p.id = e.contact_id
             JOIN consent_sources s ON s.id = e.source_id
             WHERE e.contact_id IN (SELECT m.id FROM contacts m WHERE m.merged_into = c.id UNION ALL SELECT c.id)
               AND e.topic_id = {topic} AND e.act = 'given' AND {enough}
               AND {})",
        no_later("withdrawn", &format!("(w.topic_id = {topic} OR w.topic_id IS NULL)"))
    )
}

/// Withdrew, and has not agreed since. Who withdraws all advertising withdraws every topic.
fn withdrawn(compiler: &mut Compiler<'_>, topic: Option<&str>, condition: &Condition) -> String {
    let about = |alias: &str| match topic {
        Some(topic) => format!("({alias}.topic_id = {topic} OR {alias}.topic_id IS NULL)"),
        None => format!("{alias}.topic_id IS NULL"),
    };
    let mut entry = vec![format!("e.act = 'withdrawn' AND {}", about("e"))];
    entry.extend(window(compiler, "e.at", condition));
    entry.push(no_later("given", &about("w")));
    somebody_with(compiler, &entry.join(" AND "))
}

/// From one day, until another, in Japan.
fn window(compiler: &mut Compiler<'_>, at: &str, condition: &Condition) -> Vec<String> {
    let from = read_day(condition.value(1)).map(|day| format!("{at} >= {}", compiler.arg(start_of(day))));
    let until = read_day(condition.value(2)).map(|day| format!("{at} < {}", compiler.arg(start_of(day + 1))));
    from.into_iter().chain(until).collect()
}

/// No entry of the other kind follows entry `e` of person `p`.
fn no_later(act: &str, about: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM consents w WHERE w.contact_id IN (p.id, COALESCE(p.merged_into, p.id))
             AND w.id > e.id AND w.act = '{act}' AND {about})"
    )
}

/// Contact `c`, or an entry of the same person that went into hers, has an entry `e` like that.
fn somebody_with(compiler: &Compiler<'_>, entry: &str) -> String {
    let from = "FROM consents e JOIN contacts p ON p.id = e.contact_id WHERE";
    match compiler.shape() {
        Shape::Set => format!("(c.id IN (SELECT COALESCE(p.merged_into, p.id) {from} {entry}))"),
        Shape::Probe => format!(
            "(EXISTS (SELECT 1 {from} e.contact_id IN (SELECT m.id FROM contacts m WHERE m.merged_into = c.id
                 UNION ALL SELECT c.id) AND {entry}))"
        ),
    }
}
