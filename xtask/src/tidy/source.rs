//! A Rust file taken apart line by line into code and comments, so that a rule about the one is
//! not confused by the other, nor by what a string says.

/// A file of the tree.
pub struct Source {
    /// From the root of the tree.
    pub path: String,
    pub lines: Vec<Line>,
}

/// One line. `code` and `comment` are as wide as `text`, with blanks in place of the other.
pub struct Line {
    pub text: String,
    /// Without comments and without what strings and characters contain.
    pub code: String,
    pub comment: String,
}

/// Where the reader is, as far as the meaning of the next character depends on it.
#[derive(Clone, Copy)]
enum Place {
    Code,
    LineComment,
    /// Comments between `/*` and `*/` nest.
    BlockComment {
        depth: usize,
    },
    String,
    RawString {
        hashes: usize,
    },
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        let mut place = Place::Code;
        let lines = text.lines().map(|line| take_apart(line, &mut place)).collect();
        Source { path: path.into(), lines }
    }

    pub fn is_below(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }

    /// A finding at a line, counted from zero here and from one in what is printed.
    pub fn at(&self, line: usize, what: impl std::fmt::Display) -> String {
        format!("{}:{}: {what}", self.path, line + 1)
    }

    /// How many lines contain this in their code; more than once on a line counts each time.
    pub fn count_in_code(&self, word: &str) -> usize {
        self.lines.iter().map(|line| line.code.matches(word).count()).sum()
    }
}

fn take_apart(text: &str, place: &mut Place) -> Line {
    let letters: Vec<char> = text.chars().collect();
    let mut line = Line { text: text.into(), code: String::new(), comment: String::new() };
    let mut at = 0;
    while at < letters.len() {
        let rest = &letters[at..];
        let (taken, is_comment, is_shown) = step(rest, place);
        for &letter in &rest[..taken] {
            line.code.push(if is_shown && !is_comment { letter } else { ' ' });
            line.comment.push(if is_comment { letter } else { ' ' });
        }
        at += taken;
    }
    if matches!(place, Place::LineComment) {
        *place = Place::Code;
    }
    line
}

/// What the next characters are: how many belong together, whether they are a comment, and
/// whether they are code that rules shall see.
fn step(rest: &[char], place: &mut Place) -> (usize, bool, bool) {
    let starts = |with: &str| with.chars().enumerate().all(|(i, c)| rest.get(i) == Some(&c));
    match *place {
        Place::LineComment => (rest.len(), true, false),
        Place::BlockComment { depth } if starts("*/") => {
            *place = match depth {
                1 => Place::Code,
                _ => Place::BlockComment { depth: depth - 1 },
            };
            (2, true, false)
        }
        Place::BlockComment { depth } if starts("/*") => {
            *place = Place::BlockComment { depth: depth + 1 };
            (2, true, false)
        }
        Place::BlockComment { .. } => (1, true, false),
        Place::String if starts("\\") => (rest.len().min(2), false, false),
        Place::String if starts("\"") => {
            *place = Place::Code;
            (1, false, true)
        }
        Place::RawString { hashes } if starts(&format!("\"{}", "#".repeat(hashes))) => {
            *place = Place::Code;
            (1 + hashes, false, true)
        }
        Place::String | Place::RawString { .. } => (1, false, false),
        Place::Code if starts("//") => {
            *place = Place::LineComment;
            (rest.len(), true, false)
        }
        Place::Code if starts("/*") => {
            *place = Place::BlockComment { depth: 1 };
            (2, true, false)
        }
        Place::Code if starts("\"") => {
            *place = Place::String;
            (1, false, true)
        }
        Place::Code => (code_step(rest, place), false, true),
    }
}

/// Raw strings and characters, the rest of code being one letter at a time.
fn code_step(rest: &[char], place: &mut Place) -> usize {
    if let Some((taken, hashes)) = raw_string_start(rest) {
        *place = Place::RawString { hashes };
        return taken;
    }
    match rest {
        // A character; all else that begins so is a lifetime.
        ['\'', '\\', _, others @ ..] => {
            3 + others.iter().position(|letter| *letter == '\'').map_or(0, |end| end + 1)
        }
        ['\'', _, '\'', ..] => 3,
        _ => 1,
    }
}

/// How long the start of a raw string is, and how many `#` it has.
fn raw_string_start(rest: &[char]) -> Option<(usize, usize)> {
    let prefix = match rest {
        ['r', ..] => 1,
        ['b' | 'c', 'r', ..] => 2,
        _ => return None,
    };
    let hashes = rest[prefix..].iter().take_while(|letter| **letter == '#').count();
    (rest.get(prefix + hashes) == Some(&'"')).then_some((prefix + hashes + 1, hashes))
}

#[cfg(test)]
mod tests {
    use super::Source;

    fn code(text: &str) -> Vec<String> {
        let source = Source::new("x.rs", text);
        source.lines.iter().map(|line| line.code.trim_end().into()).collect()
    }

    #[test]
    fn comments_are_no_code() {
        assert_eq!(code("a(); // unsafe\n/* b /* c */\nd */ e();"), ["a();", "", "     e();"]);
    }

    #[test]
    fn what_strings_say_is_no_code() {
        assert_eq!(code(r#"f("a\"//", b)"#), [r#"f("     ", b)"#]);
        assert_eq!(code("f(br\"\\\", b) // x"), ["f(br\" \", b)"]);
        assert_eq!(code("f(r#\"\"//\"#, b)"), ["f(r#\"   \"#, b)"]);
        assert_eq!(code("f(\"two\nlines\"); g()"), ["f(\"", "     \"); g()"]);
    }

    #[test]
    fn a_quote_in_a_character_starts_no_string() {
        assert_eq!(code("f('\"'); // x"), ["f('\"');"]);
        assert_eq!(code(r"f('\''); g::<'a>(); // x"), [r"f('\''); g::<'a>();"]);
    }
}
