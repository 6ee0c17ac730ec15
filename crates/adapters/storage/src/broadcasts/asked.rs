//! Who is asked for and who is left out, as SQL: written once, for the preview, the people behind its numbers and the
//! rows themselves.

use audience::segment::{Known, Rule, RuleProblem, problems};
use campaigns::{
    audience::{AudienceRules, ConsentDemand, DemandOf, Duplicates, FrequencyCap, HouseRules},
    broadcast::{AudienceKind, BroadcastId, Purpose},
};

use super::settings;
use crate::{
    StorageError,
    error::{from_json, named},
    segments::{Compiler, PRESENT, agreed_to_topic, known},
    sql::{Arg, Row, args},
    suppressions::{suppressed, suppressed_now},
    tx::Tx,
};

/// Why contact `c` gets no mail by herself, as the branches of a CASE, in the order of the waterfall.
pub(crate) fn left_out(purpose: Purpose) -> String {
    format!(
        "WHEN c.trashed_at IS NOT NULL THEN 'changed' WHEN c.address IS NULL THEN 'no_address' {}
         WHEN {} THEN 'suppressed'",
        by_herself(purpose, ""),
        suppressed()
    )
}

/// The part that comes after the question who stands for an address; `topic` is a branch of its own.
fn by_herself(purpose: Purpose, topic: &str) -> String {
    let unwanted = match purpose {
        Purpose::Advertising => format!(
            "WHEN c.status = 'cancelled' THEN 'resigned' WHEN c.opted_out_at IS NOT NULL THEN 'opted_out' {topic}
             WHEN c.dm_refused_at IS NOT NULL THEN 'dm_refused'"
        ),
        Purpose::Transactional => String::new(),
    };
    format!(
        "{unwanted} WHEN c.invalid_at IS NOT NULL THEN 'address_invalid'
         WHEN c.lookalike_of IS NOT NULL THEN 'lookalike'"
    )
}

/// Contact `c` may get it: its address works, and it wants such mail.
fn sendable(purpose: Purpose) -> String {
    let wants = match purpose {
        Purpose::Advertising => {
            "AND c.status <> 'cancelled' AND c.opted_out_at IS NULL AND c.dm_refused_at IS NULL"
        }
        Purpose::Transactional => "",
    };
    format!("(c.address IS NOT NULL AND c.invalid_at IS NULL AND c.lookalike_of IS NULL {wants})")
}

/// Messages a person has, or will have; refused and returned ones she has not.
const HAS_IT: &str = "r.state IN ('waiting', 'deferred', 'accepted', 'evidenced', 'doubtful')";

/// A broadcast with everything that decides about its audience.
pub(super) struct Plan {
    id: BroadcastId,
    kind: AudienceKind,
    purpose: Purpose,
    template_id: i64,
    rules: AudienceRules,
    cap: Option<FrequencyCap>,
    house: HouseRules,
    /// Whether a contact is on the list of suppressions; `None` while nobody is.
    suppressed: Option<String>,
    known: Known,
}

/// The columns [`Plan::load`] reads.
pub(super) const PLAN_COLUMNS: &str =
    "b.id, b.audience, b.purpose, b.audience_rules, b.template_id, b.started_at";

/// Two texts with the arguments of both.
pub(super) struct Asking {
    /// A condition on contact `c`.
    pub(super) asked: String,
    /// The reason, NULL for those who get the mail.
    pub(super) withheld: String,
    /// Consent is on record, or none is needed.
    pub(super) recorded: String,
    /// `$1` is the broadcast, `$2` the largest contact key.
    pub(super) args: Vec<Arg>,
}

impl Plan {
    /// Reads everything from a row with [`PLAN_COLUMNS`].
    pub(super) async fn load(tx: &mut Tx, row: &Row) -> Result<Self, StorageError> {
        Ok(Self {
            id: row.get("id")?,
            kind: named("audience", &row.get::<String>("audience")?, AudienceKind::from_name)?,
            purpose: named("purpose", &row.get::<String>("purpose")?, Purpose::from_name)?,
            template_id: row.get("template_id")?,
            rules: from_json("audience of a broadcast", &row.get::<String>("audience_rules")?)?,
            cap: settings::cap(tx).await?,
            house: settings::house(tx).await?,
            suppressed: suppressed_now(tx).await?,
            known: known(tx).await?,
        })
    }

    /// The rule that is asked: as it stood at the start, or as the segment has it now.
    fn rule(&self) -> Option<&Rule> {
        let named = || self.known.segments.get(&self.rules.segment_id?)?.rule.as_ref();
        self.rules.rule.as_ref().or_else(named)
    }

    /// The rule as it stands, to be kept with a broadcast that starts.
    pub(super) fn fixed(mut self) -> AudienceRules {
        if self.kind == AudienceKind::Conditions {
            self.rules.rule = self.rule().cloned();
        }
        self.rules.duplicates = Some(self.duplicates());
        self.rules.consent = Some(self.demand().clone());
        self.rules
    }

    /// As chosen for this broadcast, or as the house does.
    fn duplicates(&self) -> Duplicates {
        self.rules.duplicates.unwrap_or(self.house.duplicates)
    }

    /// As it stood at the start, or as the house has it now.
    fn demand(&self) -> &ConsentDemand {
        self.rules.consent.as_ref().unwrap_or(&self.house.consent)
    }

    /// What keeps the conditions from being asked.
    pub(super) fn problems(&self) -> Vec<RuleProblem> {
        if self.kind != AudienceKind::Conditions {
            return Vec::new();
        }
        let put_away = |id| self.known.segments.get(&id).is_none_or(|segment| segment.archived);
        match self.rule() {
            Some(rule) if self.rules.rule.is_some() || !self.rules.segment_id.is_some_and(put_away) => {
                problems(rule, &self.known, None)
            }
            _ => vec![RuleProblem { at: Vec::new(), words: audience::segment::no_segment() }],
        }
    }

    /// The SQL. `few` is true where a few of many contacts are looked at; `args` stand before ours, the first two as
    /// in [`Asking::args`]. Conditions that cannot be asked ask for nobody.
    pub(super) fn asking(&self, tx: &Tx, few: bool, now: i64, args: Vec<Arg>) -> Asking {
        let mut compiler = if few {
            Compiler::probing(&self.known, tx.engine(), now, args)
        } else {
            Compiler::new(&self.known, tx.engine(), now, args)
        };
        let asked = self.asked(&mut compiler);
        let withheld = self.withheld(&mut compiler, &asked, now);
        let recorded = self.recorded(&mut compiler);
        Asking {
            asked: format!("c.id <= $2 AND {PRESENT} AND {asked}"),
            withheld,
            recorded,
            args: compiler.args,
        }
    }

    fn asked(&self, compiler: &mut Compiler<'_>) -> String {
        let included = "EXISTS (SELECT 1 FROM broadcast_picks p
            WHERE p.broadcast_id = $1 AND p.contact_id = c.id AND NOT p.excluded)";
        match self.kind {
            AudienceKind::All => "TRUE".to_owned(),
            AudienceKind::Sendable => sendable(self.purpose),
            AudienceKind::Picked => {
                "c.id IN (SELECT p.contact_id FROM broadcast_picks p WHERE p.broadcast_id = $1 AND NOT p.excluded)"
                    .to_owned()
            }
            AudienceKind::Conditions if !self.problems().is_empty() => "FALSE".to_owned(),
            AudienceKind::Conditions => {
                let belongs = self.rule().map(|rule| compiler.group(&rule.root)).unwrap_or_default();
                format!("({belongs} OR {included})")
            }
        }
    }

    fn withheld(&self, compiler: &mut Compiler<'_>, asked: &str, now: i64) -> String {
        let mut reasons = vec![
            format!("WHEN {EXCLUDED} THEN 'excluded'"),
            "WHEN c.address IS NULL THEN 'no_address'".to_owned(),
        ];
        reasons.extend(self.duplicate(asked));
        reasons.push(by_herself(self.purpose, &self.topic_refused(compiler)));
        reasons.extend(self.suppressed.as_ref().map(|on_list| format!("WHEN {on_list} THEN 'suppressed'")));
        if !self.rules.send_again {
            let template = compiler.arg(self.template_id);
            reasons.push(format!(
                "WHEN EXISTS (SELECT 1 FROM recipients r JOIN broadcasts b ON b.id = r.broadcast_id
                              WHERE r.contact_id = c.id AND {HAS_IT} AND b.template_id = {template}
                                AND r.broadcast_id <> $1) THEN 'already_sent'"
            ));
        }
        reasons.extend(self.no_consent(compiler));
        if let Some(cap) = self.cap.filter(|_| self.purpose == Purpose::Advertising) {
            let since = compiler.arg(now - i64::from(cap.days) * audience::segment::DAY_MS);
            let mails = compiler.arg(cap.mails);
            reasons.push(format!(
                "WHEN (SELECT COUNT(*) FROM recipients r WHERE r.contact_id = c.id AND {HAS_IT}
                         AND r.state_at >= {since} AND r.broadcast_id <> $1
                         AND r.broadcast_id IN (SELECT b.id FROM broadcasts b WHERE b.purpose = 'advertising')) >= {mails} THEN 'frequency_cap'"
            ));
        }
        format!("CASE {} END", reasons.join("\n"))
    }

    /// Somebody else stands for the address: whoever is asked for, was not taken out by hand and is still a customer.
    fn duplicate(&self, asked: &str) -> Option<String> {
        let before = match self.duplicates() {
            Duplicates::Newest => "d.id > c.id",
            Duplicates::Oldest => "d.id < c.id",
            Duplicates::Consented => {
                "((d.consent IS NOT NULL AND c.consent IS NULL)
                  OR ((d.consent IS NULL) = (c.consent IS NULL) AND d.id > c.id))"
            }
            Duplicates::Each => return None,
        };
        let stands =
            renamed(&format!("{PRESENT} AND c.status <> 'cancelled' AND {asked} AND NOT {EXCLUDED}"));
        Some(format!(
            "WHEN EXISTS (SELECT 1 FROM contacts d WHERE d.address_key = c.address_key AND {before}
                          AND d.id <= $2 AND {stands}) THEN 'duplicate'"
        ))
    }

    fn topic_refused(&self, compiler: &mut Compiler<'_>) -> String {
        let Some(topic) = self.rules.topic_id.filter(|_| self.purpose == Purpose::Advertising) else {
            return String::new();
        };
        let topic = compiler.arg(topic);
        format!(
            "WHEN EXISTS (SELECT 1 FROM topic_opt_outs o WHERE o.topic_id = {topic} AND o.contact_id = c.id)
             THEN 'topic_refused'"
        )
    }

    /// Advertising without consent on record, where the house wants one.
    fn no_consent(&self, compiler: &mut Compiler<'_>) -> Option<String> {
        let wanted_of = match self.demand().of {
            DemandOf::Nobody => return None,
            DemandOf::Since(at) => format!("c.created_at >= {} AND", compiler.arg(at)),
            DemandOf::Everybody => String::new(),
        };
        (self.purpose == Purpose::Advertising)
            .then(|| format!("WHEN {wanted_of} NOT {} THEN 'no_consent'", self.recorded(compiler)))
    }

    /// Consent to all advertising or to this topic is on record, on a basis that is enough here.
    fn recorded(&self, compiler: &mut Compiler<'_>) -> String {
        if self.purpose != Purpose::Advertising {
            return "TRUE".to_owned();
        }
        let bases: Vec<&str> = self.demand().bases.iter().map(|basis| basis.name()).collect();
        let enough = |column: &str| format!("{column} IN ('{}')", bases.join("', '"));
        let general = format!("(c.consent IS NOT NULL AND {})", enough("c.consent"));
        match self.rules.topic_id {
            Some(topic) => {
                let topic = compiler.arg(topic);
                format!("({general} OR {})", agreed_to_topic(&topic, &enough("s.basis")))
            }
            None => general,
        }
    }

    /// The broadcast and everybody who is there, as the first two arguments.
    pub(super) fn first_args(&self) -> Vec<Arg> {
        args![self.id, i64::MAX]
    }
}

const EXCLUDED: &str = "EXISTS (SELECT 1 FROM broadcast_picks x
    WHERE x.broadcast_id = $1 AND x.contact_id = c.id AND x.excluded)";

/// The same condition on contact `d`. The text holds no values, so every `c.` in it is the contact.
fn renamed(condition: &str) -> String {
    let mut out = String::with_capacity(condition.len());
    let mut before = ' ';
    for letter in condition.chars() {
        if letter == '.' && before == 'c' && !out.is_empty() {
            let head = out[..out.len() - 1].chars().next_back();
            if !head.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                out.pop();
                out.push('d');
            }
        }
        out.push(letter);
        before = letter;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::renamed;

    #[test]
    fn only_the_contact_is_renamed() {
        assert_eq!(
            renamed("c.id IN (SELECT v.contact_id FROM abc.x WHERE (c.a = r.c) AND NOT c.b)"),
            "d.id IN (SELECT v.contact_id FROM abc.x WHERE (d.a = r.c) AND NOT d.b)"
        );
    }
}
