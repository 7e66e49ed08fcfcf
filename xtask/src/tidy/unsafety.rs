//! `unsafe` only where the table has it, no more of it than the table says, and each with the fact
//! that makes it right.

use super::Findings;
use super::source::Source;
use super::table::Table;

/// What makes a promise to the compiler. `unsafe fn` asks its caller for one instead.
const PROMISES: [&str; 2] = ["unsafe {", "unsafe impl"];

pub fn check(source: &Source, table: &Table, findings: &mut Findings) {
    let count: usize = PROMISES.iter().map(|word| source.count_in_code(word)).sum();
    let all: usize = source.lines.iter().map(|line| unsafe_words(&line.code)).sum();
    let path = &source.path;
    match table.number("unsafe", path) {
        None if all > 0 => {
            findings.push(format!("{path}: unsafe, and not in the table of files that may"));
        }
        None => {}
        Some(ceiling) if count > ceiling => {
            findings.push(format!("{path}: {count} unsafe, and the table has {ceiling}"));
        }
        Some(ceiling) if count < ceiling => {
            findings.push(format!("{path}: the table has {ceiling} unsafe, lower it to {count}"));
        }
        Some(_) => {}
    }
    for (number, line) in source.lines.iter().enumerate() {
        let promises = PROMISES.iter().any(|word| line.code.contains(word));
        if promises && !has_safety_comment(source, number) {
            findings.push(source.at(number, "unsafe without a SAFETY comment just above"));
        }
    }
}

fn unsafe_words(code: &str) -> usize {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.split(|letter| !is_part(letter)).filter(|word| *word == "unsafe").count()
}

/// Whether the comment on this line, or the one above the statement it is in, says `SAFETY:`.
fn has_safety_comment(source: &Source, number: usize) -> bool {
    if source.lines[number].comment.contains("SAFETY:") {
        return true;
    }
    let mut in_comment = false;
    for line in source.lines[..number].iter().rev() {
        let code = line.code.trim();
        let is_comment = code.is_empty() && !line.comment.trim().is_empty();
        if is_comment && line.comment.contains("SAFETY:") {
            return true;
        }
        let is_inside = code.starts_with("#[") || !code.ends_with([';', '{', '}']);
        if !is_comment && (in_comment || code.is_empty() || !is_inside) {
            return false;
        }
        in_comment |= is_comment;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str, table: &str) -> Findings {
        let mut findings = Findings::new();
        check(&Source::new("src/a.rs", text), &Table::parse(table).unwrap(), &mut findings);
        findings
    }

    #[test]
    fn unsafe_needs_a_row() {
        let text = "// SAFETY: x\nunsafe { a() };\n";
        assert_eq!(findings(text, "").len(), 1);
        assert_eq!(findings(text, "unsafe src/a.rs 1 why").len(), 0);
        assert_eq!(findings("unsafe fn a() {}", "").len(), 1);
        assert_eq!(findings("// unsafe { }\nlet unsafety = \"unsafe {\";", "").len(), 0);
    }

    #[test]
    fn the_ceiling_neither_yields_nor_lags_behind() {
        let text = "// SAFETY: x\nunsafe { a() };\n";
        assert!(findings(text, "unsafe src/a.rs 0 why")[0].contains("1 unsafe"));
        assert!(findings(text, "unsafe src/a.rs 2 why")[0].contains("lower it to 1"));
    }

    #[test]
    fn the_fact_stands_just_above_the_statement() {
        let row = "unsafe src/a.rs 1 why";
        assert_eq!(findings("// SAFETY: x\n// y\nlet a =\n    f(unsafe { b() });", row).len(), 0);
        assert_eq!(findings("// SAFETY: x\n#[a]\nunsafe impl A for B {}", row).len(), 0);
        assert_eq!(findings("// SAFETY: x\nlet c = d();\nunsafe { b() };", row).len(), 1);
        assert_eq!(findings("// SAFETY: x\n\nunsafe { b() };", row).len(), 1);
        assert_eq!(findings("// fine\nunsafe { b() };", row).len(), 1);
    }
}
