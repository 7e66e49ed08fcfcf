//! The table of exceptions and ceilings: a line each, of the kind, the place, for some kinds a
//! number, and why.

use std::path::Path;

use super::Findings;

/// What a row can grant, and whether it has a number.
const KINDS: [(&str, bool); 6] = [
    ("unsafe", true),
    ("target_os", false),
    ("target_os_total", true),
    ("long-file", true),
    ("long-function", true),
    ("long-header", true),
];

struct Row {
    kind: String,
    place: String,
    number: usize,
}

pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    pub fn parse(text: &str) -> Result<Table, String> {
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        let rows =
            lines.filter(|line| !line.is_empty()).map(parse_row).collect::<Result<_, _>>()?;
        Ok(Table { rows })
    }

    /// The number granted to a place, if the table has it; 0 for a kind without numbers.
    pub fn number(&self, kind: &str, place: &str) -> Option<usize> {
        self.rows.iter().find(|row| row.kind == kind && row.place == place).map(|row| row.number)
    }

    /// A row for a file that is gone would be a grant to its successor.
    pub fn check_paths(&self, root: &Path, findings: &mut Findings) {
        for row in &self.rows {
            let path = row.place.split("::").next().unwrap_or_default();
            if !root.join(path).exists() {
                findings.push(format!("{}: {} {path}: no such file", super::TABLE, row.kind));
            }
        }
    }
}

fn parse_row(line: &str) -> Result<Row, String> {
    let wrong = || format!("{}: not a row: {line}", super::TABLE);
    let mut words = line.split_whitespace();
    let kind = words.next().ok_or_else(wrong)?;
    let place = words.next().ok_or_else(wrong)?;
    let (_, has_number) = KINDS.iter().find(|row| row.0 == kind).ok_or_else(wrong)?;
    let number = match has_number {
        true => words.next().ok_or_else(wrong)?.parse().map_err(|_| wrong())?,
        false => 0,
    };
    // Whoever asks for an exception says why.
    let reason = words.next().ok_or_else(|| format!("{}: no reason: {line}", super::TABLE));
    reason.map(|_| Row { kind: kind.into(), place: place.into(), number })
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn a_row_grants_its_number_to_its_place() {
        let table = Table::parse("# why\n\nunsafe src/a.rs 3 one call each # x\n").unwrap();
        assert_eq!(table.number("unsafe", "src/a.rs"), Some(3));
        assert_eq!(table.number("unsafe", "src/b.rs"), None);
        assert_eq!(table.number("long-file", "src/a.rs"), None);
    }

    #[test]
    fn a_row_without_a_reason_or_of_no_kind_is_refused() {
        assert!(Table::parse("unsafe src/a.rs 3").is_err());
        assert!(Table::parse("unsafe src/a.rs three calls").is_err());
        assert!(Table::parse("anything src/a.rs 3 reason").is_err());
    }
}
