//! The table at the end of the demonstration, and the check that every outcome is what the simulator did.

use std::collections::BTreeMap;

use campaigns::{broadcast::BroadcastId, ports::BroadcastStore, report::Row};
use delivery::recipient::{State, WithheldReason};
use testkit::ExpectedOutcome;

use super::scene::{Stage, plain};

/// Prints provider × outcome, the reasons, and what does not agree. `true` when everything does.
///
/// # Errors
/// When the store cannot be asked.
pub async fn print(
    stage: &Stage,
    broadcast: BroadcastId,
    customers: u64,
    rows: &[Row],
) -> anyhow::Result<bool> {
    print_waterfall(stage, broadcast).await?;
    print_outcomes(rows);
    print_reasons(rows);
    let wrong: Vec<String> = rows.iter().filter_map(|row| disagreement(stage, row)).collect();
    let complete = u64::try_from(rows.len())? == customers;
    println!(
        "\nお客様 {customers}人 = 記録 {}件{}",
        rows.len(),
        if complete { "" } else { "  ← 合いません" }
    );
    println!("シミュレーターの動作と食い違う結果: {}件", wrong.len());
    for line in &wrong {
        println!("  {line}");
    }
    Ok(complete && wrong.is_empty())
}

async fn print_waterfall(stage: &Stage, broadcast: BroadcastId) -> anyhow::Result<()> {
    let waterfall = stage.store().waterfall(broadcast).await.map_err(anyhow::Error::from_boxed)?;
    println!("\n対象 {}人", waterfall.asked);
    for (reason, people) in &waterfall.withheld {
        println!("  − {people:>4}  {}", withheld_ja(*reason));
    }
    println!("  = {:>4}  送信", waterfall.remaining);
    Ok(())
}

fn print_outcomes(rows: &[Row]) {
    let mut table: BTreeMap<&str, BTreeMap<State, u64>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.state != State::Withheld) {
        *table.entry(provider_ja(&row.provider)).or_default().entry(row.state).or_default() += 1;
    }
    let states =
        [State::Accepted, State::Evidenced, State::Refused, State::Bounced, State::Doubtful, State::Deferred];
    print!("\n{}", pad("", 30));
    for state in states {
        print!("{}", pad(state_ja(state), 16));
    }
    println!();
    for (provider, counts) in &table {
        print!("{}", pad(provider, 30));
        for state in states {
            let count = counts.get(&state).copied().unwrap_or(0);
            print!("{}", pad(&if count == 0 { "·".to_owned() } else { count.to_string() }, 16));
        }
        println!();
    }
}

fn print_reasons(rows: &[Row]) {
    let mut table: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.state.needs_somebody()) {
        *table.entry((row.reason.as_deref().unwrap_or(""), &row.provider)).or_default() += 1;
    }
    println!("\n届いていない理由");
    for ((reason, provider), people) in table {
        let explained = bounce::Reason::from_name(reason)
            .map(|reason| bounce::explain(reason, Some(provider).filter(|id| !id.is_empty())));
        let provider = provider_ja(provider);
        match explained {
            Some(e) => {
                println!(
                    "  {people:>3}人  {provider} / {}({reason}): {} {}",
                    e.title_ja, e.what_ja, e.turn_ja
                );
            }
            // Nobody refused it: the line was cut before the answer.
            None => println!(
                "  {people:>3}人  {provider} / 届いたか不明: 送信の最後で途切れました。 当店の番です"
            ),
        }
    }
}

/// How a row differs from what the simulator did; `None` when it agrees.
fn disagreement(stage: &Stage, row: &Row) -> Option<String> {
    if row.state == State::Withheld {
        return None;
    }
    let expected = stage.world.simulator.expected_outcome(&plain(&row.address))?;
    let states: &[State] = match expected.outcome {
        ExpectedOutcome::Accepted => &[State::Accepted, State::Evidenced],
        ExpectedOutcome::Bounced => &[State::Bounced],
        // What is refused for now until the deadline ends as refused.
        ExpectedOutcome::Refused | ExpectedOutcome::Deferred => &[State::Refused],
        // Where the cut is seen before the content is out, it is tried again.
        ExpectedOutcome::Doubtful => &[State::Doubtful, State::Refused],
    };
    let same_state = states.contains(&row.state);
    let failed = row.state.needs_somebody();
    // A host that never answered until the deadline is "expired"; the simulator names what it did each time.
    let waited_out =
        expected.outcome == ExpectedOutcome::Deferred && row.reason.as_deref() == Some("expired");
    let waited_out = waited_out || expected.outcome == ExpectedOutcome::Doubtful;
    let same_reason = !failed || waited_out || row.reason == expected.reason;
    (!same_state || !same_reason).then(|| {
        format!(
            "{}: {} {} ({}) ← {:?} {} [{}]",
            row.address,
            row.state.name(),
            row.reason.as_deref().unwrap_or("-"),
            row.reply,
            expected.outcome,
            expected.reason.as_deref().unwrap_or("-"),
            expected.behaviour,
        )
    })
}

fn provider_ja(id: &str) -> &str {
    addressing::provider_by_id(id).map_or("そのほか", |provider| provider.name_ja.as_str())
}

fn state_ja(state: State) -> &'static str {
    match state {
        State::Withheld => "送信せず",
        State::Waiting => "送信待ち",
        State::Deferred => "再試行中",
        State::Accepted => "受信側が受領",
        State::Evidenced => "届いた証拠あり",
        State::Refused => "届いていない",
        State::Bounced => "後日不達",
        State::Doubtful => "届いていないかも",
    }
}

fn withheld_ja(reason: WithheldReason) -> &'static str {
    match reason {
        WithheldReason::Excluded => "手で外した",
        WithheldReason::NoAddress => "アドレスなし",
        WithheldReason::OptedOut => "配信停止・希望しない",
        WithheldReason::TopicRefused => "この種類を希望しない",
        WithheldReason::DmRefused => "DM を希望しない",
        WithheldReason::Resigned => "登録の取消",
        WithheldReason::AddressInvalid => "アドレスが無効",
        WithheldReason::Lookalike => "打ち間違いの疑い(要確認)",
        WithheldReason::Suppressed => "送信停止リスト",
        WithheldReason::AlreadySent => "同じ文面を送信済み",
        WithheldReason::NoConsent => "同意の記録なし",
        WithheldReason::FrequencyCap => "送りすぎ防止",
        WithheldReason::Duplicate => "同じアドレス(新しい登録に送信)",
        WithheldReason::Cancelled => "取り消し",
        WithheldReason::Unrenderable => "文面を作れない",
        WithheldReason::Changed => "途中でアドレスが変わった",
    }
}

/// Fills up to a width in terminal cells; Japanese characters take two.
fn pad(text: &str, cells: usize) -> String {
    let width: usize = text.chars().map(|c| if c.is_ascii() || c == '·' { 1 } else { 2 }).sum();
    format!("{text}{}", " ".repeat(cells.saturating_sub(width)))
}
