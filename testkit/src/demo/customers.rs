//! Makes the customers: the same three hundred for the same seed.

use std::collections::HashSet;

use super::{
    DemoCustomer, DemoKind, address,
    dice::Dice,
    source::{Group, Name, SOURCE},
};

/// Customers who are in the list twice.
const DUPLICATES: usize = 6;

/// The customers of the fictional shop 花屋みどり, in order of their number.
#[must_use]
pub fn demo_customers(seed: u64) -> Vec<DemoCustomer> {
    let mut dice = Dice::new(seed);
    let mut taken = HashSet::new();
    let mut all: Vec<DemoCustomer> = Vec::new();
    for group in &SOURCE.groups {
        all.extend((0..group.count).map(|_| of_group(&mut dice, group, &mut taken)));
    }
    for rows in &SOURCE.rows {
        all.extend(rows.people.iter().map(|given| of_row(&mut dice, given, rows.kind)));
    }
    dice.shuffle(&mut all);
    add_duplicates(&mut dice, &mut all);
    number(&mut dice, &mut all);
    all
}

fn of_group(dice: &mut Dice, group: &Group, taken: &mut HashSet<String>) -> DemoCustomer {
    loop {
        let (family, given) = (dice.pick(&SOURCE.families), dice.pick(&SOURCE.givens));
        let local = address::local(dice, group.style, family, given);
        let address = format!("{local}@{}", dice.weighted(&group.domains));
        if taken.insert(address.clone()) {
            return person(dice, (family, given), address, DemoKind::Sound);
        }
    }
}

fn of_row(dice: &mut Dice, given: &[String], kind: DemoKind) -> DemoCustomer {
    let names = (dice.pick(&SOURCE.families), dice.pick(&SOURCE.givens));
    let mut customer = person(dice, names, given[0].clone(), kind);
    if let [_, name, kana] = given {
        customer.name.clone_from(name);
        customer.kana.clone_from(kana);
    }
    customer
}

fn person(dice: &mut Dice, name: (&Name, &Name), address: String, kind: DemoKind) -> DemoCustomer {
    let (family, given) = name;
    let gap = ["", "　", " ", "　", "　", " "][dice.below(6)];
    let kana = format!("{} {}", family.1, given.1);
    DemoCustomer {
        number: String::new(),
        name: format!("{}{gap}{}", family.0, given.0),
        kana: if dice.percent(4) { half_width(&kana) } else { kana },
        address,
        phone: phone(dice),
        prefecture: dice.weighted(&SOURCE.prefectures).to_owned(),
        last_order: if dice.percent(88) { dice.pick(&SOURCE.orders).clone() } else { String::new() },
        wants_mail: wish(dice).to_owned(),
        kind,
    }
}

/// Numbers that begin so are not given out.
fn phone(dice: &mut Dice) -> String {
    let (middle, end) = (dice.below(1000), dice.below(10_000));
    match dice.below(10) {
        0 => String::new(),
        1 => format!("0{}-0{}-{end:04}", 260 + dice.below(9), middle % 10),
        2 => format!("0800{middle:03}{end:04}"),
        n => format!("{}-0{middle:03}-{end:04}", if n % 2 == 0 { "090" } else { "080" }),
    }
}

fn wish(dice: &mut Dice) -> &'static str {
    match dice.below(100) {
        0..7 => "希望しない",
        7..12 => "",
        _ => "希望する",
    }
}

fn half_width(kana: &str) -> String {
    const FULL: &str = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンャュョッー";
    const HALF: &str = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝｬｭｮｯｰ";
    const VOICED: &str = "ガギグゲゴザジズゼゾダヂヅデドバビブベボ";
    const UNVOICED: &str = "ｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎ";
    let find = |from: &str, to: &str, c: char| to.chars().nth(from.chars().position(|f| f == c)?);
    let mut half = String::new();
    for c in kana.chars() {
        match (find(FULL, HALF, c), find(VOICED, UNVOICED, c)) {
            (Some(half_c), _) => half.push(half_c),
            (None, Some(half_c)) => half.extend([half_c, 'ﾞ']),
            (None, None) => half.push(c),
        }
    }
    half
}

/// The same person typed once more, some time later: other number, other spacing of the name, sometimes other case
/// of the address.
fn add_duplicates(dice: &mut Dice, all: &mut Vec<DemoCustomer>) {
    let sound: Vec<usize> = (0..all.len() / 2).filter(|n| all[*n].kind == DemoKind::Sound).collect();
    for n in 0..DUPLICATES {
        let mut copy = all[sound[n * 7]].clone();
        copy.kind = DemoKind::Duplicate;
        copy.name = copy.name.replace([' ', '　'], "");
        if n % 3 == 1 {
            copy.address = copy.address.to_ascii_uppercase();
        }
        let at = all.len() - dice.below(all.len() / 3);
        all.insert(at, copy);
    }
}

fn number(dice: &mut Dice, all: &mut [DemoCustomer]) {
    let mut number = 1000;
    for customer in all {
        number += 1 + dice.below(4);
        customer.number = format!("H-{number:05}");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{ExpectedOutcome, ProviderBook, demo::DEMO_SEED};

    #[test]
    fn three_hundred_and_their_kinds() {
        let all = demo_customers(DEMO_SEED);
        let mut kinds: BTreeMap<DemoKind, usize> = BTreeMap::new();
        for customer in &all {
            *kinds.entry(customer.kind).or_default() += 1;
        }
        assert_eq!(all.len(), 300);
        assert_eq!(kinds[&DemoKind::Sound], 244);
        assert_eq!(kinds[&DemoKind::Firm], 23);
        assert_eq!(kinds[&DemoKind::Duplicate], 6);
        assert_eq!(all, demo_customers(DEMO_SEED));
        assert_ne!(all, demo_customers(1));
    }

    #[test]
    fn every_duplicate_follows_its_original() {
        let all = demo_customers(DEMO_SEED);
        for (n, customer) in all.iter().enumerate().filter(|(_, c)| c.kind == DemoKind::Duplicate) {
            let same = |other: &&DemoCustomer| other.address.eq_ignore_ascii_case(&customer.address);
            let original = all[..n].iter().find(same).expect("an earlier row");
            assert_ne!(original.number, customer.number);
        }
        let distinct: HashSet<_> = all.iter().map(|c| &c.number).collect();
        assert_eq!(distinct.len(), 300);
    }

    #[test]
    fn every_domain_is_known_to_the_simulated_world() {
        let book = ProviderBook::shipped().unwrap();
        let posted =
            |c: &&DemoCustomer| !matches!(c.kind, DemoKind::FullWidth | DemoKind::Broken | DemoKind::Missing);
        for customer in demo_customers(DEMO_SEED).iter().filter(posted) {
            let (_, domain) = customer.address.rsplit_once('@').unwrap();
            assert!(book.by_domain(&domain.to_ascii_lowercase()).is_some(), "{}", customer.address);
        }
    }

    #[test]
    fn most_mail_arrives_and_every_kind_of_failure_is_there() {
        let book = ProviderBook::shipped().unwrap();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for customer in demo_customers(DEMO_SEED).iter().filter(|c| c.kind == DemoKind::Sound) {
            let expected = book.expected_outcome(&customer.address).unwrap();
            *seen.entry(format!("{:?} {:?}", expected.outcome, expected.fate)).or_default() += 1;
        }
        let taken: usize = seen.iter().filter(|(k, _)| k.starts_with("Accepted")).map(|(_, n)| n).sum();
        assert!(taken * 100 > 244 * 85, "{seen:?}");
        for outcome in [ExpectedOutcome::Refused, ExpectedOutcome::Bounced, ExpectedOutcome::Deferred] {
            assert!(seen.keys().any(|k| k.starts_with(&format!("{outcome:?}"))), "{outcome:?}: {seen:?}");
        }
        for fate in ["SpamFolder", "Dropped"] {
            assert!(seen.contains_key(&format!("Accepted {fate}")), "{fate}: {seen:?}");
        }
    }

    #[test]
    fn kana_in_half_width() {
        assert_eq!(half_width("ゴトウ カズコ"), "ｺﾞﾄｳ ｶｽﾞｺ");
    }
}
