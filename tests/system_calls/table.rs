//! Reads the tables of `docs/system-calls.md`.

/// One operation, and the cell of this build's column.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    pub operation: String,
    pub cell: String,
}

impl Row {
    /// Which call it is differs between architectures and C libraries: the names are those of
    /// x86-64 and glibc. Elsewhere the count alone has to be right.
    pub fn new(operation: &str, cell: &str) -> Row {
        let names_count = cfg!(all(target_arch = "x86_64", target_env = "gnu"));
        let cell = if names_count { cell } else { cell.split(':').next().unwrap_or(cell) };
        Row { operation: operation.to_owned(), cell: cell.to_owned() }
    }
}

/// The rows of all tables that have one of these columns.
pub fn documented(columns: &[&str]) -> Vec<Row> {
    let document = include_str!("../../docs/system-calls.md");
    let mut rows = Vec::new();
    let mut column = None;
    let mut is_in_table = false;
    for line in document.lines() {
        let Some(cells) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else {
            is_in_table = is_in_table && line.starts_with("|--");
            continue;
        };
        let cells: Vec<_> = cells.split(" | ").collect();
        if !is_in_table {
            is_in_table = true;
            column = cells.iter().position(|cell| columns.contains(cell));
        } else if let Some(column) = column {
            rows.push(Row::new(cells[0], cells[column]));
        }
    }
    rows
}
