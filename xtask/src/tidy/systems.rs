//! Where systems are told apart: in few files, seldom, and each list of them in one place.

use std::collections::HashMap;

use super::Findings;
use super::source::Source;
use super::table::Table;

pub fn check(sources: &[Source], table: &Table, findings: &mut Findings) {
    count(sources, table, findings);
    find_repeated_lists(sources, findings);
}

fn count(sources: &[Source], table: &Table, findings: &mut Findings) {
    let mut total = 0;
    for source in sources.iter().filter(|source| source.is_below("src/")) {
        let count = source.count_in_code("target_os");
        total += count;
        if count > 0 && table.number("target_os", &source.path).is_none() {
            findings.push(format!("{}: target_os, and not in the table", source.path));
        }
    }
    let most = table.number("target_os_total", "src").unwrap_or(0);
    if total > most {
        findings.push(format!("src: {total} target_os, more than {most}"));
    }
}

/// The same systems in two places are two things to change for one reason.
fn find_repeated_lists(sources: &[Source], findings: &mut Findings) {
    let mut first_places = HashMap::new();
    for source in sources.iter().filter(|source| source.is_below("src/")) {
        for (line, systems) in lists(source) {
            match first_places.get(&systems) {
                None => {
                    first_places.insert(systems, source.at(line, "its list"));
                }
                Some(place) => findings.push(source.at(
                    line,
                    format!("{} again: share {place}, by a name in `cfg_if`", systems.join(", ")),
                )),
            }
        }
    }
}

/// The systems in each `any(..)` that has several, sorted, with the line where it begins. What else
/// such a condition names does not make another list of it.
fn lists(source: &Source) -> Vec<(usize, Vec<String>)> {
    // Names of systems are strings, but no parenthesis or comma in a string counts.
    let letters = source.lines.iter().enumerate().flat_map(|(number, line)| {
        let pairs = line.code.chars().zip(line.text.chars());
        pairs.map(move |(code, text)| (number, code, text))
    });
    let letters: Vec<(usize, char, char)> = letters.collect();
    let code: String =
        letters.iter().map(|letter| if letter.1.is_ascii() { letter.1 } else { '?' }).collect();
    let mut found = Vec::new();
    for (start, word) in code.match_indices("any(") {
        let mut members = vec![String::new()];
        let mut depth = 0;
        for &(_, code, text) in &letters[start + word.len()..] {
            match code {
                ')' if depth == 0 => break,
                ')' => depth -= 1,
                '(' => depth += 1,
                ',' if depth == 0 => members.push(String::new()),
                _ => {}
            }
            if let Some(member) = members.last_mut() {
                member.push(text);
            }
        }
        let names_system = |member: &String| {
            member.starts_with("target_os") || member.starts_with("target_vendor")
        };
        let is_family = |member: &String| member == "unix" || member == "windows";
        let mut systems: Vec<String> = members
            .iter()
            .map(|member| member.trim_matches([',', ' ']).to_owned())
            .filter(|member| names_system(member) || is_family(member))
            .collect();
        systems.sort();
        if systems.len() > 1 && systems.iter().any(names_system) {
            found.push((letters[start].0, systems));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(files: &[(&str, &str)]) -> Findings {
        let sources: Vec<Source> =
            files.iter().map(|(path, text)| Source::new(path, text)).collect();
        let mut findings = Findings::new();
        find_repeated_lists(&sources, &mut findings);
        findings
    }

    #[test]
    fn a_list_stands_once_in_whatever_order_and_form() {
        let first = "#[cfg(any(target_os = \"a\", target_vendor = \"b\"))]\nmod c;\n";
        let again = "if #[cfg(all(x, any(\n    target_vendor = \"b\",\n    \
                     target_os = \"a\",\n    some_flag,\n)))] {}\n";
        let other = "#[cfg(any(target_os = \"a\", target_os = \"b\"))]\nmod c;\n";
        assert_eq!(repeated(&[("src/a.rs", first), ("src/b.rs", other)]), Findings::new());
        assert_eq!(
            repeated(&[("src/a.rs", first), ("src/b.rs", again)]),
            ["src/b.rs:1: target_os = \"a\", target_vendor = \"b\" again: share src/a.rs:1: its \
              list, by a name in `cfg_if`"]
        );
        assert_eq!(repeated(&[("src/a.rs", first), ("tests/b.rs", first)]), Findings::new());
    }

    #[test]
    fn one_system_is_no_list_and_a_comment_neither() {
        let one = "#[cfg(any(target_os = \"a\", x))] a;\n#[cfg(any(target_os = \"a\"))] a;\n";
        let comment = "// any(target_os = \"a\", target_os = \"b\")\n";
        let families = "#[cfg(any(unix, windows))] a;\n#[cfg(any(unix, windows))] b;\n";
        let all = [("src/a.rs", one), ("src/b.rs", comment), ("src/c.rs", comment)];
        assert_eq!(repeated(&all), Findings::new());
        assert_eq!(repeated(&[("src/a.rs", families)]), Findings::new());
    }

    #[test]
    fn a_target_is_named_where_the_table_has_it_and_no_oftener() {
        let source = [Source::new("src/a.rs", "#[cfg(target_os = \"linux\")]\n")];
        let found = |table: &str| {
            let mut findings = Findings::new();
            count(&source, &Table::parse(table).unwrap(), &mut findings);
            findings.len()
        };
        assert_eq!(found("target_os src/a.rs why\ntarget_os_total src 1 why"), 0);
        assert_eq!(found("target_os_total src 1 why"), 1);
        assert_eq!(found("target_os src/a.rs why\ntarget_os_total src 0 why"), 1);
    }
}
