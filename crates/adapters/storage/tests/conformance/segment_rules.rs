//! Random rules over random people: the count, the list, the reasons and a second evaluator, written plainly over the
//! contacts themselves, never disagree.

use std::collections::{BTreeMap, BTreeSet};

use audience::{
    Contact, ContactStatus, ContactStore, Field, FieldDraft, FieldKind, FieldStore, OptOutRoute, folded,
    segment::{
        Condition, DAY_MS, Deed, Group, Join, Part, Rule, Saved, SegmentDraft, SegmentStore, Subject, Test,
        civil, day_of, is_leap, problems, read_day,
    },
};
use campaigns::ports::BroadcastStore;
use delivery::{
    ports::{Grant, QueueStore},
    recipient::State,
};
use storage::Store;

use crate::{
    anything::Dice,
    clicked,
    mailing::{begin, drafted, mark, person, request, rows, tried},
    people::{all_of, draft},
    segments::one,
    world::{NOW, cases},
};

const PEOPLE: u64 = 48;
const RULES: u64 = 220;
/// 2027-02-28, a day on which February 29 is kept.
const TODAY: i64 = 1_803_772_800_000;

/// Everything a plain evaluator needs.
#[derive(Default)]
struct Village {
    contacts: Vec<Contact>,
    fields: Vec<Field>,
    /// Contact → state and instant of each of her messages.
    mails: BTreeMap<i64, Vec<(State, i64, i64)>>,
    /// Contact → the days she followed links.
    clicks: BTreeMap<i64, Vec<clicked::Day>>,
    segments: BTreeMap<i64, Rule>,
    broadcast: i64,
}

impl Village {
    /// The word of a field.
    fn key(&self, label: &str) -> String {
        let field = self.fields.iter().find(|field| field.label == label).unwrap();
        format!("field:{}", field.id)
    }

    fn belongs(&self, contact: &Contact, rule: &Rule) -> bool {
        contact.trashed_at.is_none() && self.group(contact, &rule.root)
    }

    fn group(&self, contact: &Contact, group: &Group) -> bool {
        let mut parts = group.parts.iter().map(|part| match part {
            Part::Group(inner) => self.group(contact, inner),
            Part::Condition(condition) => self.condition(contact, condition),
        });
        let holds = match group.join {
            Join::All => parts.all(|holds| holds),
            Join::Any => parts.any(|holds| holds),
        };
        holds != group.negated
    }

    fn condition(&self, contact: &Contact, condition: &Condition) -> bool {
        match &condition.of {
            Subject::Column(_) => {
                let word = condition.of.word();
                let value = match word.as_str() {
                    "name" => contact.name.clone(),
                    "address" => contact.address.clone().unwrap_or_default(),
                    _ => contact.company.clone(),
                };
                text(&value.to_ascii_lowercase(), condition, |typed| typed.to_ascii_lowercase())
            }
            Subject::Moment(_) => {
                let at = if condition.of.word() == "created" {
                    Some(contact.created_at)
                } else {
                    contact.opted_out_at
                };
                day(at.map(day_of), at.map(day_of).map(month_day), condition)
            }
            Subject::Field(key) => self.field(contact, key, condition),
            Subject::Deed(Deed::Clicked) => {
                let of_her = self.clicks.get(&contact.id).map(Vec::as_slice).unwrap_or_default();
                clicked::did(of_her, condition, TODAY)
            }
            Subject::Deed(_) => self.deed(contact, condition),
            Subject::Standing => {
                condition.values.contains(&contact.standing().name().to_owned())
                    == (condition.test == Test::OneOf)
            }
            Subject::Status => {
                condition.values.contains(&contact.status.name().to_owned())
                    == (condition.test == Test::OneOf)
            }
            Subject::Permission => contact.dm_refused_at.is_none() == (condition.test == Test::Yes),
            Subject::Provider => {
                let known = condition.values.contains(&contact.provider)
                    && (contact.address.is_some() || !contact.provider.is_empty());
                known == (condition.test == Test::OneOf)
            }
            Subject::Segment => {
                let rule = &self.segments[&condition.values[0].parse::<i64>().unwrap()];
                self.group(contact, &rule.root) == (condition.test == Test::Is)
            }
            Subject::Consent | Subject::Validity | Subject::Share | Subject::Unknown(_) => {
                panic!("not drawn here")
            }
        }
    }

    fn field(&self, contact: &Contact, key: &str, condition: &Condition) -> bool {
        let field = self.fields.iter().find(|field| field.id.to_string() == key).unwrap();
        let written = contact.fields.get(&field.key).cloned().unwrap_or_default();
        match field.kind {
            FieldKind::Number => {
                let number: Option<f64> = written.parse().ok();
                let value = |n: usize| condition.values[n].parse::<f64>().unwrap();
                match (condition.test, number) {
                    (Test::Filled, number) => number.is_some(),
                    (Test::Empty, number) => number.is_none(),
                    (Test::IsNot, number) => number != Some(value(0)),
                    (_, None) => false,
                    (Test::Less, Some(number)) => number < value(0),
                    (Test::AtLeast, Some(number)) => number >= value(0),
                    (Test::Between, Some(number)) => number >= value(0) && number <= value(1),
                    (_, Some(number)) => number == value(0),
                }
            }
            FieldKind::Date => {
                let full = read_day(&written);
                let of_year = full.map(month_day).or_else(|| written.strip_prefix("--").map(str::to_owned));
                day(full, of_year, condition)
            }
            FieldKind::MultiChoice => {
                let chosen: BTreeSet<&str> = written.split('、').filter(|one| !one.is_empty()).collect();
                let has = |value: &String| chosen.contains(value.as_str());
                match condition.test {
                    Test::OneOf => condition.values.iter().any(has),
                    Test::AllOf => condition.values.iter().all(has),
                    Test::NoneOf => !condition.values.iter().any(has),
                    Test::Filled => !chosen.is_empty(),
                    _ => chosen.is_empty(),
                }
            }
            FieldKind::Boolean => (written == "true") == (condition.test == Test::Yes),
            _ => text(&folded(&written), condition, folded),
        }
    }

    fn deed(&self, contact: &Contact, condition: &Condition) -> bool {
        let wanted: &[State] = match condition.of.word().as_str() {
            "deed:accepted" => &[State::Accepted, State::Evidenced],
            "deed:refused" => &[State::Refused],
            _ => &[State::Withheld],
        };
        let days: Option<i64> = condition.values[1].parse().ok();
        let since = days.map(|days| day_of(TODAY) - days).or_else(|| read_day(&condition.values[2]));
        let until = if days.is_some() { None } else { read_day(&condition.values[3]) };
        let about: Option<i64> = condition.values[4].parse().ok();
        let counts = |(state, at, broadcast): &&(State, i64, i64)| {
            wanted.contains(state)
                && since.is_none_or(|since| day_of(*at) >= since)
                && until.is_none_or(|until| day_of(*at) <= until)
                && about.is_none_or(|about| about == *broadcast)
        };
        let times = self.mails.get(&contact.id).map_or(0, |mails| mails.iter().filter(counts).count());
        (times >= condition.values[0].parse::<usize>().unwrap()) == (condition.test == Test::Did)
    }
}

fn month_day(day: i64) -> String {
    let (_, month, of_month) = civil(day);
    format!("{month:02}-{of_month:02}")
}

fn text(value: &str, condition: &Condition, fold: impl Fn(&str) -> String) -> bool {
    let typed: Vec<String> = condition.values.iter().map(|one| fold(one)).collect();
    let first = typed.first().map(String::as_str).unwrap_or_default();
    match condition.test {
        Test::Is => value == first,
        Test::IsNot => value != first,
        Test::Contains => value.contains(first),
        Test::NotContains => !value.contains(first),
        Test::Starts => value.starts_with(first),
        Test::Ends => value.ends_with(first),
        Test::OneOf => typed.iter().any(|one| one == value),
        Test::NoneOf => !typed.iter().any(|one| one == value),
        Test::Filled => !value.is_empty(),
        _ => value.is_empty(),
    }
}

fn day(day: Option<i64>, of_year: Option<String>, condition: &Condition) -> bool {
    let today = day_of(TODAY);
    let n = || condition.values[0].parse::<i64>().unwrap();
    let kept = |ahead: i64| {
        let (year, month, of_month) = civil(today + ahead);
        let leap = (month, of_month) == (2, 28) && !is_leap(year);
        of_year.as_deref().is_some_and(|kept| kept == month_day(today + ahead) || (leap && kept == "02-29"))
    };
    match condition.test {
        Test::Filled => return of_year.is_some(),
        Test::Empty => return of_year.is_none(),
        Test::Anniversary => return kept(n()),
        Test::AnniversaryWithin => return (0..=n()).any(kept),
        Test::InMonth => {
            let month = of_year.as_deref().and_then(|kept| kept[..2].parse::<u32>().ok());
            return month.is_some_and(|month| condition.values.contains(&month.to_string()));
        }
        _ => {}
    }
    let Some(day) = day else { return false };
    let given = |n: usize| read_day(&condition.values[n]).unwrap();
    match condition.test {
        Test::Is => day == given(0),
        Test::Less => day < given(0),
        Test::More => day > given(0),
        Test::Between => day >= given(0) && day <= given(1),
        Test::PastDays => day >= today - n() && day <= today,
        Test::OlderThan => day < today - n(),
        Test::NextDays => day >= today && day <= today + n(),
        Test::DaysAgo => day == today - n(),
        Test::DaysAhead => day == today + n(),
        Test::ThisMonth => {
            let (now, then) = (civil(today), civil(day));
            (now.0, now.1) == (then.0, then.1)
        }
        // 1970-01-01 was a Thursday.
        _ => condition.values.contains(&((day + 3).rem_euclid(7) + 1).to_string()),
    }
}

const NAMES: [&str; 6] = ["山田 花子", "Yamada", "佐藤", "Ａｂｃ", "50%_", ""];
const DAYS: [&str; 7] =
    ["2027-02-28", "2000-02-29", "1999-12-31", "2027-03-05", "--02-29", "2026-02-28", "1988-07-07"];
const CHOICES: [&str; 3] = ["花", "鉢", "Bronze"];

async fn village(store: &Store, dice: &mut Dice) -> Village {
    for (label, kind) in [
        ("住まい", FieldKind::Text),
        ("額", FieldKind::Number),
        ("誕生日", FieldKind::Date),
        ("級", FieldKind::Choice),
        ("好み", FieldKind::MultiChoice),
        ("会員", FieldKind::Boolean),
    ] {
        let choices = CHOICES.map(str::to_owned).to_vec();
        let new = FieldDraft { label: label.into(), kind, choices, required: false };
        store.add_field(&new, None, NOW).await.unwrap().unwrap();
    }
    let mut keys = Vec::new();
    for n in 0..PEOPLE {
        let address = match dice.below(6) {
            0 => String::new(),
            1 => format!("Twin{}@x.example", dice.below(3)),
            _ => format!("k{n}@{}.example", dice.one_of(&["x", "Y"]).unwrap()),
        };
        let mut new = draft(&address, dice.one_of(&NAMES).unwrap(), "");
        new.provider = if address.is_empty() {
            String::new()
        } else {
            dice.one_of(&["docomo", "gmail", ""]).unwrap().into()
        };
        new.dm_wanted = (dice.below(5) == 0).then_some(false);
        new.status = Some(dice.one_of(&ContactStatus::ALL).unwrap());
        for (key, values) in [
            ("住まい", &NAMES[..]),
            ("額", &["-3.5", "0", "1200", "30000", ""]),
            ("誕生日", &DAYS),
            ("級", &CHOICES),
            ("好み", &["花、鉢", "Bronze", "鉢", ""]),
            ("会員", &["はい", "いいえ", ""]),
        ] {
            if dice.below(4) > 0 {
                new.fields.insert(key.into(), dice.one_of(values).unwrap().into());
            }
        }
        keys.push(person(store, new).await);
        if dice.below(8) == 0 {
            store.opt_out(keys[keys.len() - 1], OptOutRoute::Page, None, NOW + 9 * DAY_MS).await.unwrap();
        }
        if dice.below(8) == 0 && !address.is_empty() {
            store.mark_invalid(&address.to_lowercase(), "userunknown", None, NOW).await.unwrap();
        }
    }
    let mut village = Village { fields: store.fields().await.unwrap(), ..Village::default() };
    mailed(store, dice, &mut village).await;
    store.trash(&keys[..2], true, None, NOW).await.unwrap();
    village.contacts = all_of(store, keys).await;
    village
}

/// Two broadcasts, what became of them, and who followed their links.
async fn mailed(store: &Store, dice: &mut Dice, village: &mut Village) {
    for round in 0..2 {
        let broadcast = drafted(store, campaigns::broadcast::AudienceKind::All).await;
        begin(store, broadcast).await;
        for row in store.claim(&request("n", NOW)).await.unwrap() {
            if mark(store, &row).await != Grant::Proceed {
                continue;
            }
            let (state, words) =
                dice.one_of(&[(State::Accepted, "250 ok"), (State::Refused, "550 5.1.1 no")]).unwrap();
            store.record("n", &[tried(row.id, state, words)], NOW + round * 40 * DAY_MS).await.unwrap();
        }
        for (contact, click) in clicked::some(store, dice, broadcast, TODAY).await {
            village.clicks.entry(contact).or_default().push(click);
        }
        for row in rows(store, broadcast).await {
            village.mails.entry(row.contact_id).or_default().push((row.state, row.state_at, broadcast));
        }
        village.broadcast = broadcast;
    }
}

/// A condition that may be asked of this village.
fn any_condition(village: &Village, dice: &mut Dice) -> Condition {
    match dice.below(9) {
        0 | 1 => on_text(village, dice),
        2 => {
            let tests =
                [Test::Is, Test::IsNot, Test::Less, Test::AtLeast, Test::Between, Test::Filled, Test::Empty];
            let value = pick(dice, &["-3.5", "0", "1200"]);
            one(&village.key("額"), dice.one_of(&tests).unwrap(), &[&value, "30000"])
        }
        3 | 4 => on_day(village, dice),
        5 => on_choices(village, dice),
        6 => on_deed(village, dice),
        7 => on_person(village, dice),
        _ if dice.below(2) == 0 => {
            let standing = pick(dice, &["sendable", "opted_out", "invalid", "no_address"]);
            one("standing", dice.one_of(&[Test::OneOf, Test::NoneOf]).unwrap(), &[&standing])
        }
        _ => one(
            "provider",
            dice.one_of(&[Test::OneOf, Test::NoneOf]).unwrap(),
            &[&pick(dice, &["docomo", ""])],
        ),
    }
}

fn pick(dice: &mut Dice, words: &[&str]) -> String {
    dice.one_of(words).unwrap().to_owned()
}

fn on_text(village: &Village, dice: &mut Dice) -> Condition {
    let tests = [
        Test::Is,
        Test::IsNot,
        Test::Contains,
        Test::NotContains,
        Test::Starts,
        Test::Ends,
        Test::OneOf,
        Test::NoneOf,
        Test::Filled,
        Test::Empty,
    ];
    let of = if dice.below(2) == 0 { village.key("住まい") } else { pick(dice, &["name", "address"]) };
    let test = dice.one_of(&tests).unwrap();
    let value = pick(dice, &["山田 花子", "YAMADA", "abc", "x.example", "%_", "k1"]);
    let more = pick(dice, &["佐藤", "ＡＢＣ"]);
    let both = [value.as_str(), more.as_str()];
    let chosen = if matches!(test, Test::OneOf | Test::NoneOf) { &both[..] } else { &both[..1] };
    one(&of, test, chosen)
}

fn on_day(village: &Village, dice: &mut Dice) -> Condition {
    let tests = [
        Test::Is,
        Test::Less,
        Test::More,
        Test::Between,
        Test::PastDays,
        Test::OlderThan,
        Test::NextDays,
        Test::DaysAgo,
        Test::DaysAhead,
        Test::ThisMonth,
        Test::InMonth,
        Test::Anniversary,
        Test::AnniversaryWithin,
        Test::Weekday,
        Test::Filled,
        Test::Empty,
    ];
    let of =
        if dice.below(3) == 0 { pick(dice, &["created", "opted_out"]) } else { village.key("誕生日") };
    let test = dice.one_of(&tests).unwrap();
    match test {
        Test::Is | Test::Less | Test::More => one(&of, test, &[&pick(dice, &DAYS[..4])]),
        Test::Between => one(&of, test, &["1999-12-31", &pick(dice, &["2026-12-01", "2027-03-01"])]),
        Test::InMonth => one(&of, test, &["2", &(1 + dice.below(12)).to_string()]),
        Test::Weekday => one(&of, test, &["7", &(1 + dice.below(7)).to_string()]),
        _ => one(&of, test, &[&dice.below(200).to_string()]),
    }
}

fn on_choices(village: &Village, dice: &mut Dice) -> Condition {
    let (of, tests) = if dice.below(2) == 0 {
        (village.key("級"), vec![Test::OneOf, Test::NoneOf, Test::Filled, Test::Empty])
    } else {
        (village.key("好み"), vec![Test::OneOf, Test::AllOf, Test::NoneOf, Test::Filled, Test::Empty])
    };
    one(&of, dice.one_of(&tests).unwrap(), &[&pick(dice, &CHOICES), &pick(dice, &CHOICES)])
}

fn on_deed(village: &Village, dice: &mut Dice) -> Condition {
    let of = pick(dice, &["deed:accepted", "deed:refused", "deed:withheld", "deed:clicked", "deed:clicked"]);
    let times = (1 + dice.below(2)).to_string();
    let days = if dice.below(2) == 0 { (1 + dice.below(300)).to_string() } else { String::new() };
    let from = pick(dice, &["", "2026-09-01", "2026-10-15"]);
    let until = pick(dice, &["", "2026-10-20"]);
    let about = if dice.below(3) == 0 { village.broadcast.to_string() } else { String::new() };
    let test = dice.one_of(&[Test::Did, Test::DidNot]).unwrap();
    if of != "deed:clicked" {
        return one(&of, test, &[&times, &days, &from, &until, &about]);
    }
    let [link, words] = clicked::which(dice, village.broadcast);
    one(&of, test, &[&times, &days, &from, &until, &about, &link, &words])
}

fn on_person(village: &Village, dice: &mut Dice) -> Condition {
    let inside: Vec<i64> = village.segments.keys().copied().collect();
    let flag = dice.one_of(&[Test::Yes, Test::No]).unwrap();
    match (dice.below(4), dice.one_of(&inside)) {
        (0, _) => one(&village.key("会員"), flag, &[]),
        (1, _) => one("permission", flag, &[]),
        (2, _) | (_, None) => {
            let test = dice.one_of(&[Test::OneOf, Test::NoneOf]).unwrap();
            one("status", test, &[&pick(dice, &["registered", "cancelled"])])
        }
        (_, Some(segment)) => {
            one("segment", dice.one_of(&[Test::Is, Test::IsNot]).unwrap(), &[&segment.to_string()])
        }
    }
}

fn any_group(village: &Village, dice: &mut Dice, depth: u64) -> Group {
    let parts = (0..=dice.below(3)).map(|_| {
        if depth < 3 && dice.below(4) == 0 {
            Part::Group(any_group(village, dice, depth + 1))
        } else {
            Part::Condition(any_condition(village, dice))
        }
    });
    let parts: Vec<Part> = parts.collect();
    Group { join: if dice.below(2) == 0 { Join::All } else { Join::Any }, negated: dice.below(4) == 0, parts }
}

cases! {
    async fn rules_never_disagree(store: Store) {
        let mut dice = Dice(11);
        let mut village = village(&store, &mut dice).await;
        let (mut some, mut known) = (0, store.known().await.unwrap());
        for n in 0..RULES {
            let rule = Rule { version: 1, root: any_group(&village, &mut dice, 0) };
            if !problems(&rule, &known, None).is_empty() {
                continue;
            }
            let told = format!("rule {n}: {}", rule.to_json());
            let expected: BTreeSet<i64> =
                village.contacts.iter().filter(|one| village.belongs(one, &rule)).map(|one| one.id).collect();
            let found = store.people(&rule, TODAY, 0, 1_000).await.unwrap().unwrap();
            let found: BTreeSet<i64> = found.into_iter().map(|contact| contact.id).collect();
            assert_eq!(found, expected, "{told}");
            assert_eq!(SegmentStore::count(&store, &rule, TODAY).await.unwrap().unwrap(), expected.len() as u64, "{told}");
            for _ in 0..5 {
                let contact = &village.contacts[usize::try_from(dice.below(PEOPLE)).unwrap()];
                let why = store.why(&rule, contact.id, TODAY).await.unwrap().unwrap().unwrap();
                assert_eq!(why.belongs, expected.contains(&contact.id), "why of {} in {told}", contact.name);
                for (at, condition) in rule.conditions() {
                    let tick = why.ticks.iter().find(|tick| tick.at == at).unwrap();
                    assert_eq!(tick.holds, village.condition(contact, condition), "{condition:?} of {contact:?}");
                }
            }
            some += u64::from(!expected.is_empty() && (expected.len() as u64) < PEOPLE - 2);
            if n < 3 {
                let draft = SegmentDraft { name: format!("{n}"), rule: rule.clone() };
                let Saved::Yes(id) = SegmentStore::save(&store, None, &draft, None, NOW).await.unwrap() else { panic!() };
                village.segments.insert(id, rule);
                known = store.known().await.unwrap();
            }
        }
        assert!(some > RULES / 3, "rules that say something: {some}");
        let list = BroadcastStore::list(&store, 0, 5).await.unwrap();
        assert_eq!(list.len(), 2);
    }
}
