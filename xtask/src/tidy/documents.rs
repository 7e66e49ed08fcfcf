//! Markdown: lines that fit, and links that lead somewhere.

use std::path::Path;

use super::Findings;
use super::rules::MOST_COLUMNS;
use crate::paths;

/// Checks every document of the tree and returns how many there are.
pub fn check(root: &Path, findings: &mut Findings) -> Result<usize, String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root).map_err(|error| error.to_string())?.flatten() {
        let name = entry.file_name();
        let is_ours = !name.to_string_lossy().starts_with('.') && name != "target";
        if entry.path().is_dir() && is_ours {
            files.extend(paths::files_below(&entry.path())?);
        } else if is_ours {
            files.push(entry.path());
        }
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "md"));
    for file in &files {
        let name = file.strip_prefix(root).unwrap_or(file).display().to_string();
        let folder = file.parent().unwrap_or(root);
        check_document(&name, &paths::read(file)?, findings, |link| folder.join(link).exists());
    }
    Ok(files.len())
}

fn check_document(
    name: &str,
    text: &str,
    findings: &mut Findings,
    leads_somewhere: impl Fn(&str) -> bool,
) {
    let mut in_code = false;
    for (number, line) in text.lines().enumerate() {
        let mut report = |what: String| findings.push(format!("{name}:{}: {what}", number + 1));
        in_code ^= line.trim_start().starts_with("```");
        let links = links_in(line);
        let may_be_wide =
            line.trim_start().starts_with('|') || line.contains("](") || line.contains("://");
        let columns = line.chars().count();
        if columns > MOST_COLUMNS && !may_be_wide {
            report(format!("{columns} columns"));
        }
        if in_code {
            continue;
        }
        for link in links.into_iter().filter(|link| is_path(link)) {
            let path = link.split('#').next().unwrap_or_default();
            if !leads_somewhere(path) {
                report(format!("the link to {link} leads nowhere"));
            }
        }
    }
}

/// The targets of `[text](target)` and of `[name]: target`.
fn links_in(line: &str) -> Vec<&str> {
    let mut links: Vec<&str> =
        line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()).collect();
    if let Some((name, target)) = line.split_once("]: ")
        && name.starts_with('[')
    {
        links.push(target.trim());
    }
    links
}

/// Not an address, not a place in the same document, and not an item of a Rust crate.
fn is_path(link: &str) -> bool {
    let is_item = link.contains("::") || link.contains('`') || !link.contains(['.', '/']);
    !link.contains("://")
        && !link.starts_with(['#', '<'])
        && !link.starts_with("mailto:")
        && !is_item
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Findings {
        let mut findings = Findings::new();
        check_document("a.md", text, &mut findings, |link| link == "docs/there.md");
        findings
    }

    #[test]
    fn links_lead_somewhere() {
        assert_eq!(
            findings("[a](docs/there.md#part) [b](#part) [c](https://x.example/y)").len(),
            0
        );
        assert_eq!(findings("[a](crate::Poll) [b](`Token`) [d]: docs/there.md").len(), 0);
        assert_eq!(findings("[a](docs/gone.md)").len(), 1);
        assert_eq!(findings("[a]: docs/gone.md").len(), 1);
        assert_eq!(findings("```\n[a](docs/gone.md)\n```\n").len(), 0);
    }

    #[test]
    fn only_tables_and_links_may_be_wide() {
        let wide = "x ".repeat(60);
        assert_eq!(findings(&wide).len(), 1);
        assert_eq!(findings(&format!("| {wide} |")).len(), 0);
    }
}
