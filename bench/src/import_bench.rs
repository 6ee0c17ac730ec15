//! A file of customers as Japanese Excel writes it (CP932), taken in from its upload to its last row: time and memory.

use std::{
    fmt::Write as _,
    fs::File,
    io::{Read as _, Seek as _},
    time::Instant,
};

use anyhow::Context as _;
use audience::{ImportState, ImportStore, NewImport, SAMPLE_BYTES, run_import, suggest_plan};
use serde_json::json;
use storage::Store;

/// Size of a piece, as the pages keep an upload.
const PIECE_BYTES: usize = 1024 * 1024;
/// The goal: seconds for a million rows, and memory in bytes.
const GOAL_SECONDS: f64 = 60.0;
const GOAL_BYTES: u64 = 200 * 1024 * 1024;
const HEAD: &str = "お客様番号,お名前,フリガナ,メールアドレス,電話番号,会社名,誕生日,累計購入額";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Rows of the file.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// The database; a SQLite file of its own when left out.
    #[arg(long)]
    database: Option<String>,
    /// The same customers as an Excel file (.xlsx): unpacked, read and taken in.
    #[arg(long)]
    xlsx: bool,
    /// Also imports the same file again, so that every row is found and nothing changes.
    #[arg(long)]
    again: bool,
}

/// Prints the table and the JSON line.
///
/// # Errors
/// When the store cannot be used or the import does not end well.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let url = args.database.unwrap_or_else(|| format!("sqlite:{}/house.db", folder.path().display()));
    let store = Store::open(&url).await?;
    let mut last = json!(null);
    for round in 0..=u32::from(args.again) {
        let sheet = if args.xlsx { Some(write_sheet(args.rows)?) } else { None };
        let mut began = Instant::now();
        let id = match sheet {
            Some(sheet) => upload_sheet(&store, sheet).await?,
            None => upload(&store, args.rows).await?,
        };
        if args.xlsx {
            println!("the sheet became CSV in {:.1} s", began.elapsed().as_secs_f64());
        } else {
            began = Instant::now();
        }
        let state = run_import(&store, id, &|| 1_790_000_000_000).await.map_err(anyhow::Error::from_boxed)?;
        let seconds = began.elapsed().as_secs_f64();
        anyhow::ensure!(state == ImportState::Finished, "the import ended as {state:?}");
        let job =
            ImportStore::get(&store, id).await.map_err(anyhow::Error::from_boxed)?.context("the import")?;
        anyhow::ensure!(job.added + job.updated + job.unchanged == args.rows, "rows are missing: {job:?}");
        let rss = peak_memory()?;
        println!(
            "round {}: {} rows in {seconds:.1} s, {:.0} rows/s, {} new, {} as before, peak memory {} MB",
            round + 1,
            args.rows,
            args.rows as f64 / seconds,
            job.added,
            job.unchanged,
            rss / 1_048_576
        );
        let goal = GOAL_SECONDS * args.rows as f64 / 1_000_000.0;
        last = json!({
            "bench": "import", "unit": "rows/s", "ours": (args.rows as f64 / seconds).round(),
            "peer": (args.rows as f64 / goal).round(), "peer_name": "goal: 1,000,000 rows in 60 s",
            "ratio": goal / seconds, "rss_bytes": rss, "rss_goal_bytes": GOAL_BYTES,
            "conditions": {
                "rows": args.rows, "encoding": if args.xlsx { "xlsx" } else { "Shift_JIS" }, "columns": 8, "round": round + 1,
                "database": url.split(':').next(), "processors": std::thread::available_parallelism()?.get(),
            },
        });
    }
    store.close().await;
    println!("{last}");
    Ok(())
}

/// Keeps the file piece by piece, as an upload does; gives the import, started.
async fn upload(store: &Store, rows: u64) -> anyhow::Result<i64> {
    let failed = anyhow::Error::from_boxed;
    let new = NewImport { file_name: "名簿.csv".to_owned(), created_by: None };
    let id = store.create(new, 0).await.map_err(failed)?;
    let mut text = format!("{HEAD}\r\n");
    let (mut bytes, mut seq, mut sample) = (Vec::new(), 0, Vec::new());
    for row in 0..rows {
        line(row, &mut text);
        if text.len() > 64 * 1024 || row + 1 == rows {
            bytes.extend_from_slice(&encoding_rs::SHIFT_JIS.encode(&text).0);
            text.clear();
        }
        if bytes.len() >= PIECE_BYTES || row + 1 == rows {
            if sample.len() < SAMPLE_BYTES {
                sample.extend_from_slice(&bytes);
            }
            store.append(id, seq, &bytes).await.map_err(failed)?;
            (seq, bytes) = (seq + 1, Vec::new());
        }
    }
    sample.truncate(SAMPLE_BYTES);
    let (plan, _, _) = suggest_plan(&sample, 20);
    anyhow::ensure!(plan.encoding == "Shift_JIS", "taken for {}", plan.encoding);
    anyhow::ensure!(store.set_plan(id, &plan).await.map_err(failed)?, "the plan is kept");
    anyhow::ensure!(store.start(id, 0).await.map_err(failed)?, "the import starts");
    Ok(id)
}

/// The same customers as a spreadsheet, row by row into a file.
fn write_sheet(rows: u64) -> anyhow::Result<File> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    let mut text = format!("{HEAD}\r\n");
    for row in 0..=u32::try_from(rows)? {
        for (column, cell) in (0..).zip(text.trim_end().split(',')) {
            sheet.write_string(row, column, cell)?;
        }
        text.clear();
        line(row.into(), &mut text);
    }
    let mut file = tempfile::tempfile()?;
    book.save_to_writer(&mut file)?;
    println!("an Excel file of {} MB", file.metadata()?.len() / 1_000_000);
    file.rewind()?;
    Ok(file)
}

/// Reads the sheet as an upload does and keeps its CSV piece by piece; gives the import, started.
async fn upload_sheet(store: &Store, sheet: File) -> anyhow::Result<i64> {
    let failed = anyhow::Error::from_boxed;
    let mut csv = web::sheet_as_csv(sheet).context("the sheet is read")?;
    let new = NewImport { file_name: "名簿.xlsx".to_owned(), created_by: None };
    let id = store.create(new, 0).await.map_err(failed)?;
    let mut sample = Vec::new();
    for seq in 0.. {
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        (&mut csv).take(PIECE_BYTES as u64).read_to_end(&mut piece)?;
        if piece.is_empty() {
            break;
        }
        if sample.len() < SAMPLE_BYTES {
            sample.extend_from_slice(&piece);
        }
        store.append(id, seq, &piece).await.map_err(failed)?;
    }
    sample.truncate(SAMPLE_BYTES);
    let (plan, _, _) = suggest_plan(&sample, 20);
    anyhow::ensure!(store.set_plan(id, &plan).await.map_err(failed)?, "the plan is kept");
    anyhow::ensure!(store.start(id, 0).await.map_err(failed)?, "the import starts");
    Ok(id)
}

/// One customer; addresses are spread, so that indexes are written as with a real file.
fn line(row: u64, text: &mut String) {
    let spread = row.wrapping_mul(7_919) % 1_000_003;
    let (high, low) = (row / 10_000 % 10_000, row % 10_000);
    let _ = write!(
        text,
        "C{row:07},山田 花子{row},ヤマダ ハナコ,okyakusama{spread}@mail{}.example,090-{high:04}-{low:04},株式会社花屋,{}/{}/{},{}\r\n",
        row % 20,
        1950 + spread % 60,
        1 + spread % 12,
        1 + spread % 28,
        spread % 100_000,
    );
}

/// The largest memory this process had, in bytes.
fn peak_memory() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM")).context("VmHWM")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).context("a number")?.parse()?;
    Ok(kilobytes * 1024)
}
