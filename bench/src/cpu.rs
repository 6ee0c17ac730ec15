//! Processor seconds and memory of processes, as proc(5) tells them: the clock alone says little on a shared machine.

use std::{collections::BTreeMap, fs};

/// `utime` and `stime` are counted in ticks of a hundredth of a second on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// One line of `/proc/PID/stat`.
struct Stat {
    parent: u32,
    own: f64,
    ended_children: f64,
}

/// What this process used, without its children.
pub fn own() -> f64 {
    stat("self").map_or(0.0, |stat| stat.own)
}

/// What the ended children of this process used, with theirs.
pub fn ended_children() -> f64 {
    stat("self").map_or(0.0, |stat| stat.ended_children)
}

/// What a process and everything under it used, living and ended.
pub fn of_tree(root: u32) -> f64 {
    let Ok(entries) = fs::read_dir("/proc") else { return 0.0 };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let all: BTreeMap<u32, Stat> = pids.filter_map(|pid| Some((pid, stat(&pid.to_string())?))).collect();
    let is_under = |pid: &u32| {
        let mut at = *pid;
        while at > 1 && at != root {
            at = all.get(&at).map_or(0, |stat| stat.parent);
        }
        at == root
    };
    all.iter().filter(|(pid, _)| is_under(pid)).map(|(_, stat)| stat.own + stat.ended_children).sum()
}

fn stat(pid: &str) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold anything, also brackets and blanks.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok());
    let seconds = |at: usize| Some((ticks(at)? + ticks(at + 1)?) / TICKS_PER_SECOND);
    Some(Stat { parent: fields.get(1)?.parse().ok()?, own: seconds(11)?, ended_children: seconds(13)? })
}
