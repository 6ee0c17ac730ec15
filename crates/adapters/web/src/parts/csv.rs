//! Cells of CSV files that people open in a spreadsheet: never a formula, whatever somebody called herself.

/// The cell in quotes; what a spreadsheet would take for a formula gets an apostrophe in front, full-width signs as well,
/// which Japanese Excel reads too. A telephone number may begin with a plus sign: one of digits alone is no formula.
pub(crate) fn quoted(cell: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit() || ('\u{ff10}'..='\u{ff19}').contains(&c);
    let is_number = || cell.chars().skip(1).all(|c| is_digit(c) || " -().\u{ff0d}".contains(c));
    let risky = cell.starts_with(['=', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff20}'])
        || (cell.starts_with(['+', '-', '\u{ff0b}', '\u{ff0d}']) && !is_number());
    format!("\"{}{}\"", if risky { "'" } else { "" }, cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_stay_text() {
        let check = |cell: &str, expected: &str| assert_eq!(quoted(cell), expected);
        check("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\"");
        check("@SUM(A1)", "\"'@SUM(A1)\"");
        check("\t=1", "\"'\t=1\"");
        check("\r=1", "\"'\r=1\"");
        check("\n=1", "\"'\n=1\"");
        check("＝HYPERLINK(1)", "\"'＝HYPERLINK(1)\"");
        check("＋1+cmd", "\"'＋1+cmd\"");
        check("＠SUM", "\"'＠SUM\"");
        check("+81 90-1234-5678", "\"+81 90-1234-5678\"");
        check("＋８１ ９０", "\"＋８１ ９０\"");
        check("-1200.5", "\"-1200.5\"");
        check("-1+cmd", "\"'-1+cmd\"");
        check("花\"子", "\"花\"\"子\"");
        check("a\"b,c\nd", "\"a\"\"b,c\nd\"");
        check("", "\"\"");
    }
}
