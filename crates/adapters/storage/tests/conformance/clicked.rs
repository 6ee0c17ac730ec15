//! Random clicks for random rules: people and machines follow links, and a plain evaluator says who did what.

use audience::segment::{Condition, DAY_MS, Test, day_of, read_day};
use campaigns::clicks::{Click, ClickStore, Sign};
use delivery::recipient::State;
use storage::Store;

use crate::{anything::Dice, mailing::rows};

/// Times, instant, broadcast and number of a link that a person followed on a day.
pub type Day = (u32, i64, i64, u32);

const TARGETS: [&str; 3] = ["https://hana.example/Spring", "https://hana.example/%_", "https://花.example/"];

/// Whether a person with these days belongs to a condition, said plainly.
pub fn did(days_of_her: &[Day], condition: &Condition, today: i64) -> bool {
    let days: Option<i64> = condition.values[1].parse().ok();
    let since = days.map(|days| day_of(today) - days).or_else(|| read_day(&condition.values[2]));
    let until = if days.is_some() { None } else { read_day(&condition.values[3]) };
    let about: Option<i64> = condition.values[4].parse().ok();
    let words = condition.values[6].to_ascii_lowercase();
    let counts = |(_, at, broadcast, number): &&Day| {
        since.is_none_or(|since| day_of(*at) >= since)
            && until.is_none_or(|until| day_of(*at) <= until)
            && about.is_none_or(|about| about == *broadcast)
            && (condition.values[5].is_empty() || condition.values[5] == format!("{broadcast}:{number}"))
            && TARGETS[*number as usize].to_ascii_lowercase().contains(&words)
    };
    let times: u32 = days_of_her.iter().filter(counts).map(|day| day.0).sum();
    (times >= condition.values[0].parse::<u32>().unwrap()) == (condition.test == Test::Did)
}

/// Some of those whose servers took the mail follow links, on this day or that; machines follow others.
pub async fn some(store: &Store, dice: &mut Dice, broadcast: i64, today: i64) -> Vec<(i64, Day)> {
    store.links_of(broadcast, &TARGETS.map(str::to_owned)).await.unwrap();
    let mut followed = Vec::new();
    for row in rows(store, broadcast).await.into_iter().filter(|row| row.state == State::Accepted) {
        for number in 0..3 {
            // Far enough from one another not to be taken for a machine's.
            let at = today - i64::try_from(dice.below(150)).unwrap() * DAY_MS + i64::from(number) * 60_000;
            let times = 1 + u32::try_from(dice.below(2)).unwrap();
            let sign = (dice.below(4) == 0).then_some(Sign::Head);
            if dice.below(2) == 0 {
                continue;
            }
            let (recipient_id, contact_id) = (row.id, row.contact_id);
            let click = Click {
                recipient_id,
                broadcast_id: broadcast,
                contact_id,
                number,
                sign,
                first_at: at,
                last_at: at,
                times,
            };
            store.record_clicks(&[click]).await.unwrap();
            followed.extend(sign.is_none().then_some((contact_id, (times, at, broadcast, number))));
        }
    }
    while store.judge_clicks(today + DAY_MS, 100).await.unwrap() > 0 {}
    followed
}

/// Which link a condition asks for: one of the broadcast or any, with these words in its address or any.
pub fn which(dice: &mut Dice, broadcast: i64) -> [String; 2] {
    let link = if dice.below(3) == 0 { format!("{broadcast}:{}", dice.below(4)) } else { String::new() };
    [link, dice.one_of(&["", "", "spring", "%_", "花"]).unwrap().to_owned()]
}
