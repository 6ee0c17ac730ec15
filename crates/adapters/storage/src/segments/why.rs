//! Says why a contact belongs to a rule or not: every condition of the rule, compiled as for the list, asked of her.

use audience::{
    Contact, ContactId,
    segment::{
        Condition, Found, Group, Known, Moment, Part, Rule, Segment, Subject, Tick, Validity, Why, day_of,
        problems, written,
    },
};

use super::{PRESENT, compile::Compiler, deed, rows};
use crate::{
    StorageError, Store,
    contact_rows::{COLUMNS, contact_of},
    sql::{Row, args},
};

/// One part of the rule on its way to the database.
struct Asked<'r> {
    at: Vec<usize>,
    condition: Option<&'r Condition>,
    /// True where the statement also tells how often and when last.
    told: bool,
}

pub(super) async fn why(
    store: &Store,
    known: &Known,
    rule: &Rule,
    (contact, now): (ContactId, i64),
) -> Result<Option<Found<Why>>, StorageError> {
    let found = problems(rule, known, None);
    if !found.is_empty() {
        return Ok(Some(Err(found)));
    }
    let mut compiler = Compiler::probing(known, store.engine(), now, args![contact]);
    let mut asked = Vec::new();
    let mut selected = Vec::new();
    ask_group(&mut compiler, &rule.root, &mut Vec::new(), &mut (&mut asked, &mut selected));
    let sql = format!(
        "SELECT {COLUMNS}, CAST(CASE WHEN {PRESENT} THEN 1 ELSE 0 END AS BIGINT) AS present, {} FROM contacts c WHERE c.id = $1",
        selected.join(", ")
    );
    let Some(row) = store.row(sql, compiler.args).await? else { return Ok(None) };
    let contact = contact_of(&row)?;
    let present = holds(&row, "present")?;
    let mut ticks = Vec::with_capacity(asked.len());
    for (n, one) in asked.iter().enumerate() {
        let value = match one.condition {
            Some(_) if one.told => told(&row, n)?,
            Some(condition) => value_of(&contact, condition, known),
            None => String::new(),
        };
        ticks.push(Tick { at: one.at.clone(), holds: holds(&row, &format!("t{n}"))?, value });
    }
    Ok(Some(Ok(Why { belongs: present && ticks.first().is_some_and(|tick| tick.holds), ticks })))
}

type Statement<'s, 'r> = (&'s mut Vec<Asked<'r>>, &'s mut Vec<String>);

fn ask_group<'r>(
    compiler: &mut Compiler<'_>,
    group: &'r Group,
    at: &mut Vec<usize>,
    statement: &mut Statement<'_, 'r>,
) {
    let whole = compiler.group(group);
    ask(statement, at, None, &whole);
    for (n, part) in group.parts.iter().enumerate() {
        at.push(n);
        match part {
            Part::Group(inner) => ask_group(compiler, inner, at, statement),
            Part::Condition(condition) => {
                let text = compiler.condition(condition);
                ask(statement, at, Some(condition), &text);
                if let Subject::Deed(what) = &condition.of {
                    let n = statement.0.len() - 1;
                    let (count, last) = deed::rows(compiler, *what, condition).told();
                    statement.1.push(format!("{count} AS n{n}, {last} AS l{n}"));
                    statement.0[n].told = true;
                }
            }
        }
        at.pop();
    }
}

fn ask<'r>(statement: &mut Statement<'_, 'r>, at: &[usize], condition: Option<&'r Condition>, text: &str) {
    let n = statement.0.len();
    statement.0.push(Asked { at: at.to_vec(), condition, told: false });
    statement.1.push(format!("CAST(CASE WHEN {text} THEN 1 ELSE 0 END AS BIGINT) AS t{n}"));
}

fn holds(row: &Row, column: &str) -> Result<bool, StorageError> {
    row.get::<i64>(column).map(|number| number == 1)
}

/// `3 (2026-11-22)`: how often, and when last.
fn told(row: &Row, n: usize) -> Result<String, StorageError> {
    let times: i64 = row.get(&format!("n{n}"))?;
    let last: Option<i64> = row.get(&format!("l{n}"))?;
    Ok(match last {
        Some(at) => format!("{times} ({})", written(day_of(at))),
        None => times.to_string(),
    })
}

/// What the contact has where a condition looks.
fn value_of(contact: &Contact, condition: &Condition, known: &Known) -> String {
    use audience::segment::Column;
    let day = |at: Option<i64>| at.map(|at| written(day_of(at))).unwrap_or_default();
    match &condition.of {
        Subject::Column(column) => match column {
            Column::Name => contact.name.clone(),
            Column::Kana => contact.kana.clone(),
            Column::Address => contact.address.clone().unwrap_or_default(),
            Column::Phone => contact.phone.clone(),
            Column::Company => contact.company.clone(),
            Column::CustomerNumber => contact.external_id.clone(),
            Column::Note => contact.note.clone(),
        },
        Subject::Moment(moment) => day(match moment {
            Moment::Created => Some(contact.created_at),
            Moment::Updated => Some(contact.updated_at),
            Moment::OptedOut => contact.opted_out_at,
            Moment::Invalid => contact.invalid_at,
        }),
        Subject::Field(key) => {
            let column = known.field(key).map(|field| field.column.as_str()).unwrap_or_default();
            contact.fields.get(column).cloned().unwrap_or_default()
        }
        Subject::Standing => contact.standing().name().to_owned(),
        Subject::Status => contact.status.name().to_owned(),
        Subject::Permission => day(contact.dm_refused_at),
        Subject::Provider => contact.provider.clone(),
        Subject::Consent => match (contact.consent, contact.consented_at) {
            (Some(basis), Some(at)) => format!("{} {}", basis.name(), written(day_of(at))),
            _ => String::new(),
        },
        Subject::Validity => validity(contact).name().to_owned(),
        Subject::Deed(_) | Subject::Segment | Subject::Share | Subject::Unknown(_) => String::new(),
    }
}

fn validity(contact: &Contact) -> Validity {
    match contact {
        Contact { address: None, .. } => Validity::Missing,
        Contact { invalid_at: Some(_), .. } => Validity::Invalid,
        Contact { lookalike_of: Some(_), .. } => Validity::Lookalike,
        _ => Validity::Works,
    }
}

pub(super) async fn segments_of(
    store: &Store,
    contact: ContactId,
    now: i64,
) -> Result<Vec<(Segment, Option<bool>)>, StorageError> {
    let known = store.known_now().await?;
    let mut found = Vec::new();
    for segment in rows::list(store, false).await? {
        let belongs = match &segment.rule {
            None => None,
            Some(rule) => match why(store, &known, rule, (contact, now)).await? {
                Some(Ok(why)) => Some(why.belongs),
                Some(Err(_)) | None => None,
            },
        };
        found.push((segment, belongs));
    }
    Ok(found)
}
