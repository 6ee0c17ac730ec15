//! The part before the @, as people choose it.

use super::{
    dice::Dice,
    source::{Name, SOURCE, Style},
};

pub(super) fn local(dice: &mut Dice, style: Style, family: &Name, given: &Name) -> String {
    match style {
        Style::Carrier => carrier(dice, given),
        Style::Name => from_name(dice, &family.2, &given.2),
        Style::Gmail => for_gmail(dice, &family.2, &given.2),
    }
}

fn carrier(dice: &mut Dice, given: &Name) -> String {
    let words = &SOURCE.words;
    let (first, second) = (dice.pick(words), dice.pick(words));
    let date = format!("{:02}{:02}", dice.below(12) + 1, dice.below(28) + 1);
    match dice.below(7) {
        0 => format!("{first}.{second}.{date}"),
        1 => format!("{first}-{second}{}", dice.below(90) + 10),
        2 => format!("{first}_{second}.{}", given.2),
        3 => format!("{}.{first}{date}", given.2),
        4 => format!("{first}{second}-{date}"),
        5 => format!("{}-{}.{first}", &given.2, dice.below(9) + 1),
        _ => format!("{first}.{}.{second}", given.2),
    }
}

fn from_name(dice: &mut Dice, family: &str, given: &str) -> String {
    let initial = &given[..1];
    let word = dice.pick(&SOURCE.words);
    let date = format!("{:02}{:02}", dice.below(12) + 1, dice.below(28) + 1);
    match dice.below(5) {
        0 => format!("{given}.{family}.{date}"),
        1 => format!("{family}{given}-{word}{}", dice.below(90) + 10),
        2 => format!("{initial}.{family}.{word}"),
        3 => format!("{given}{word}{}", 1950 + dice.below(55)),
        _ => format!("{family}.{initial}.{word}{date}"),
    }
}

fn for_gmail(dice: &mut Dice, family: &str, given: &str) -> String {
    let initial = &given[..1];
    match dice.below(6) {
        0 => format!("{given}_{family}"),
        1 => format!("{family}-{given}"),
        2 => format!("{initial}_{family}{}", dice.below(900) + 100),
        3 => format!("{given}-{}", 1950 + dice.below(55)),
        4 => format!("{initial}-{family}{:02}{:02}", dice.below(12) + 1, dice.below(28) + 1),
        _ => format!("{family}_{}.{given}", dice.pick(&SOURCE.words)),
    }
}
