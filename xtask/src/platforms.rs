//! The table of `docs/PLATFORMS.md`: what is promised, read by the checks that keep it.

use crate::paths;

const DOCUMENT: &str = "docs/PLATFORMS.md";

/// The columns, as the table's first line has them.
const COLUMNS: [&str; 7] =
    ["target", "tier", "selector", "waker", "sockets", "what `Event` reports", "tested by"];

/// What the table says of a target.
#[derive(Debug, PartialEq)]
pub struct Platform {
    /// As the compiler names it.
    pub target: String,
    /// 1: its tests run for each change. 2: compiled and linted for each change. 3: type-checked.
    pub tier: u8,
}

pub fn read() -> Result<Vec<Platform>, String> {
    let text = paths::read(&paths::root().join(DOCUMENT))?;
    parse(&text).map_err(|error| format!("{DOCUMENT}:{error}"))
}

/// The rows of the one table that has these columns.
fn parse(text: &str) -> Result<Vec<Platform>, String> {
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let is_header = |line: &str| cells(line).is_some_and(|cells| cells == COLUMNS);
    if !lines.any(|(_, line)| is_header(line)) {
        return Err(format!(" no table of the columns {}", COLUMNS.join(", ")));
    }
    let mut platforms: Vec<Platform> = Vec::new();
    for (number, line) in lines.skip(1) {
        let Some(cells) = cells(line) else { break };
        let platform = row(&cells, text).map_err(|error| format!("{number}: {error}"))?;
        if platforms.iter().any(|other| other.target == platform.target) {
            return Err(format!("{number}: {} stands here twice", platform.target));
        }
        platforms.push(platform);
    }
    Ok(platforms)
}

fn row(cells: &[&str], text: &str) -> Result<Platform, String> {
    if cells.len() != COLUMNS.len() {
        return Err(format!("{} columns instead of {}", cells.len(), COLUMNS.len()));
    }
    if let Some(empty) = cells.iter().position(|cell| cell.is_empty()) {
        return Err(format!("nothing in the column `{}`", COLUMNS[empty]));
    }
    let target = cells[0].trim_matches('`');
    if !target.contains('-') || target.contains(char::is_whitespace) {
        return Err(format!("`{target}` is no target"));
    }
    let tier = match cells[1].parse() {
        Ok(tier @ 1..=3) => tier,
        _ => return Err(format!("`{}` is no tier", cells[1])),
    };
    let events = format!("\n#### {}\n", cells[5]);
    if !text.contains(&events) {
        return Err(format!("no heading `{}` says what is reported", events.trim()));
    }
    Ok(Platform { target: target.to_owned(), tier })
}

/// The cells of a line of a table.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inside = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inside.split('|').map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, Platform, parse, read};

    fn table(rows: &[&str]) -> String {
        let header = format!("| {} |\n|---|---|---|---|---|---|---|\n", COLUMNS.join(" | "));
        format!("# P\n\n| a | b |\n|---|---|\n\n{header}{}\n\n#### edges\n", rows.join("\n"))
    }

    #[test]
    fn the_document_can_be_read_and_names_the_targets_promised() {
        let platforms = read().unwrap();
        assert!(platforms.len() > 38, "{} targets", platforms.len());
        let tier = |tier| platforms.iter().filter(move |row| row.tier == tier);
        assert!(tier(1).any(|row| row.target == "x86_64-unknown-linux-gnu"));
        assert!(tier(2).count() > 0 && tier(3).count() > 0);
    }

    #[test]
    fn rows_say_what_is_promised() {
        let text = table(&[
            "| `a-b-c` | 1 | s | w | o | edges | t |",
            "| d-e | 3 | s | w | o | edges | t |",
        ]);
        let expected = [("a-b-c", 1), ("d-e", 3)]
            .map(|(target, tier)| Platform { target: target.to_owned(), tier });
        assert_eq!(parse(&text).unwrap(), expected);
    }

    #[test]
    fn a_row_that_lacks_something_is_named_with_its_line() {
        let bad = [
            ("| a-b | 1 | s | w | o | edges |", "6 columns instead of 7"),
            ("| a-b | 1 | s | | o | edges | t |", "nothing in the column `waker`"),
            ("| some system | 1 | s | w | o | edges | t |", "`some system` is no target"),
            ("| a-b | 4 | s | w | o | edges | t |", "`4` is no tier"),
            ("| a-b | 1 soon | s | w | o | edges | t |", "`1 soon` is no tier"),
            ("| a-b | 1 | s | w | o | levels | t |", "no heading `#### levels`"),
            ("| x-y | 1 | s | w | o | edges | t |", "x-y stands here twice"),
        ];
        for (row, reason) in bad {
            let text = table(&["| x-y | 1 | s | w | o | edges | t |", row]);
            let error = parse(&text).unwrap_err();
            assert!(error.starts_with("9: ") && error.contains(reason), "{error}");
        }
        assert!(parse("# P\n").unwrap_err().contains("no table"));
    }
}
