//! Rules on the lines of one file: size, words, names, and where a target may be named.

use super::Findings;
use super::source::{Line, Source};
use super::table::Table;

pub const MOST_COLUMNS: usize = 100;
const MOST_LINES: usize = 650;
const MOST_FUNCTION_LINES: usize = 70;
const MOST_HEADER_LINES: usize = 12;

/// Words that say that something is unfinished, in code or comment, and what to do instead.
const UNFINISHED: [&str; 3] = ["TODO", "FIXME", "XXX"];

const MACROS: [(&str, &str); 3] = [
    ("todo!", "write it, or leave it out"),
    ("unimplemented!", "write it, or leave it out"),
    ("dbg!", "remove it, or log"),
];

/// Names under which anything fits.
const VAGUE: [&str; 5] = ["util", "utils", "misc", "common", "helpers"];

pub fn check(source: &Source, table: &Table, findings: &mut Findings) {
    check_header(source, table, findings);
    check_lengths(source, table, findings);
    check_functions(source, table, findings);
    check_name(source, findings);
    for (number, line) in source.lines.iter().enumerate() {
        for what in words_of_line(source, number, line) {
            findings.push(source.at(number, what));
        }
    }
}

fn check_header(source: &Source, table: &Table, findings: &mut Findings) {
    let header = source.lines.iter().take_while(|line| line.text.starts_with("//!")).count();
    let most = table.number("long-header", &source.path).unwrap_or(MOST_HEADER_LINES);
    if header == 0 {
        findings.push(source.at(0, "a file opens with `//!`: what it is"));
    } else if header > most {
        findings.push(source.at(0, format!("a header of {header} lines, more than {most}")));
    }
}

fn check_lengths(source: &Source, table: &Table, findings: &mut Findings) {
    let most = table.number("long-file", &source.path).unwrap_or(MOST_LINES);
    if source.lines.len() > most {
        findings.push(format!("{}: {} lines, more than {most}", source.path, source.lines.len()));
    }
    for (number, line) in source.lines.iter().enumerate() {
        let columns = line.text.chars().count();
        if columns > MOST_COLUMNS {
            findings.push(source.at(number, format!("{columns} columns")));
        }
    }
}

fn check_functions(source: &Source, table: &Table, findings: &mut Findings) {
    for (first, line) in source.lines.iter().enumerate() {
        let Some(name) = function_name(&line.code) else { continue };
        let place = format!("{}::{name}", source.path);
        let most = table.number("long-function", &place).unwrap_or(MOST_FUNCTION_LINES);
        let lines = function_length(&source.lines[first..]);
        if lines > most {
            findings.push(source.at(first, format!("{name} has {lines} lines, more than {most}")));
        }
    }
}

/// The name of the function whose signature starts on this line.
fn function_name(code: &str) -> Option<&str> {
    let (before, after) = code.split_once("fn ")?;
    let is_word = !before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
    let end = after.find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
    (is_word && end > 0).then(|| &after[..end])
}

/// How many lines a function has, from its signature to its last brace; 1 without a body.
fn function_length(lines: &[Line]) -> usize {
    let mut braces = 0_usize;
    let mut brackets = 0_usize;
    for (number, line) in lines.iter().enumerate() {
        for letter in line.code.chars() {
            match letter {
                '(' | '[' => brackets += 1,
                ')' | ']' => brackets = brackets.saturating_sub(1),
                '{' => braces += 1,
                '}' if braces <= 1 => return number + 1,
                '}' => braces -= 1,
                ';' if braces == 0 && brackets == 0 => return 1,
                _ => {}
            }
        }
    }
    lines.len()
}

fn check_name(source: &Source, findings: &mut Findings) {
    let mut parts = source.path.trim_end_matches(".rs").split('/');
    if let Some(name) = parts.find(|part| VAGUE.contains(part)) {
        findings.push(format!("{}: `{name}` says nothing: name what it holds", source.path));
    }
}

fn words_of_line(source: &Source, number: usize, line: &Line) -> Vec<String> {
    let mut wrong = Vec::new();
    for word in UNFINISHED {
        if has_word(&line.comment, word) || has_word(&line.code, word) {
            wrong.push(format!("{word}: finish it, or file it"));
        }
    }
    for (word, instead) in MACROS {
        if line.code.contains(word) {
            wrong.push(format!("{word}: {instead}"));
        }
    }
    let is_watched = source.is_below("src/") || source.is_below("tests/");
    if is_watched && line.code.contains("thread::sleep") && !is_explained(source, number) {
        wrong.push("thread::sleep: wait for an event, or say on the line why not".into());
    }
    if line.code.contains("#[ignore]") || line.code.contains("ignore)]") {
        wrong.push("an ignored test says why: #[ignore = \"...\"]".into());
    }
    wrong
}

/// Whether a line, or the one above it, has a comment.
fn is_explained(source: &Source, number: usize) -> bool {
    source.lines[number.saturating_sub(1)..=number]
        .iter()
        .any(|line| !line.comment.trim().is_empty())
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings_in(path: &str, text: &str, table: &str) -> Findings {
        let mut findings = Findings::new();
        check(&Source::new(path, text), &Table::parse(table).unwrap(), &mut findings);
        findings
    }

    fn findings(text: &str) -> Findings {
        findings_in("src/a.rs", &format!("//! A.\n{text}"), "")
    }

    #[test]
    fn a_file_says_what_it_is_in_few_lines() {
        assert_eq!(findings_in("src/a.rs", "use b;\n", "").len(), 1);
        assert_eq!(findings_in("src/a.rs", &"//! a\n".repeat(13), "").len(), 1);
        let row = "long-header src/a.rs 13 the crate's documentation";
        assert_eq!(findings_in("src/a.rs", &"//! a\n".repeat(13), row).len(), 0);
    }

    #[test]
    fn files_and_lines_have_a_limit() {
        assert_eq!(findings(&"a\n".repeat(649)).len(), 0);
        assert_eq!(findings(&"a\n".repeat(650)).len(), 1);
        assert_eq!(findings(&"a".repeat(100)).len(), 0);
        assert_eq!(findings(&"ä".repeat(101)).len(), 1);
    }

    #[test]
    fn functions_have_a_limit() {
        let function = |lines| format!("fn f(\n) -> [u8; 4] {{\n{}}}\n", "{}\n".repeat(lines));
        assert_eq!(findings(&function(67)).len(), 0);
        assert_eq!(findings(&function(68)), ["src/a.rs:2: f has 71 lines, more than 70"]);
        assert_eq!(findings(&format!("fn f(a: [u8; 4]);\n{}", "a\n".repeat(80))).len(), 0);
    }

    #[test]
    fn unfinished_work_is_found_where_it_is_meant() {
        assert_eq!(findings("// TODO: more\n").len(), 1);
        assert_eq!(findings("todo!()\n").len(), 1);
        assert_eq!(findings("let a = \"TODO\"; // TODOS\n").len(), 0);
        assert_eq!(findings("dbg!(a);\n").len(), 1);
    }

    #[test]
    fn a_sleep_needs_its_reason() {
        assert_eq!(findings("fn a() {}\nstd::thread::sleep(b);\n").len(), 1);
        assert_eq!(findings("std::thread::sleep(b); // the clock itself is under test\n").len(), 0);
        assert_eq!(findings_in("xtask/src/a.rs", "//! A.\n\nthread::sleep(b);\n", "").len(), 0);
    }

    #[test]
    fn an_ignored_test_needs_its_reason() {
        assert_eq!(findings("#[ignore]\nfn a() {}\n").len(), 1);
        assert_eq!(findings("#[cfg_attr(miri, ignore)]\nfn a() {}\n").len(), 1);
        assert_eq!(findings("#[ignore = \"needs IPv6\"]\nfn a() {}\n").len(), 0);
    }

    #[test]
    fn names_say_something() {
        assert_eq!(findings_in("src/util.rs", "//! A.\n", "").len(), 1);
        assert_eq!(findings_in("tests/common/mod.rs", "//! A.\n", "").len(), 1);
        assert_eq!(findings_in("src/utility.rs", "//! A.\n", "").len(), 0);
    }
}
