//! Adapts text to what people expect of lines, where Markdown would surprise them.
//!
//! In Markdown, a line after a quote or list still belongs to it, and `[a]: b` defines a link and disappears. Here a
//! line belongs to a quote only if it is marked, to a list only if it is marked or indented, and nothing disappears.
//! The text is changed accordingly before it is parsed; fenced code is left alone.

/// Adds an empty line wherever a quote or list ends, and escapes definitions.
pub(crate) fn parted(text: &str) -> String {
    let mut parted = String::with_capacity(text.len() + 16);
    let mut before = Line { is_blank: true, ..Line::default() };
    let mut fence: Option<Fence> = None;
    let mut end = 0;
    for written in text.split_inclusive('\n') {
        end += written.len();
        let line = Line::of(written, &before);
        fence = fence.filter(|fence| !fence.ended_before(&line));
        if let Some(open) = fence {
            parted.push_str(written);
            fence = Some(open).filter(|open| !open.is_closed_by(&line));
        } else {
            if line.leaves(&before) {
                parted.extend(std::iter::repeat_n('>', line.quotes));
                parted.push('\n');
            }
            let (marks, content) = written.split_at(written.len() - line.content.len());
            parted.push_str(marks);
            if line.may_define && is_definition(&text[end - content.len()..]) {
                parted.push('\\');
            }
            parted.push_str(content);
            fence = Fence::opened_by(&line);
        }
        before = line;
    }
    parted
}

#[derive(Default)]
struct Line<'a> {
    /// Nesting depth of quotes.
    quotes: usize,
    in_list: bool,
    is_indented: bool,
    is_blank: bool,
    /// Whether Markdown would accept a definition here: not in indented code.
    may_define: bool,
    /// What follows the marks.
    content: &'a str,
}

impl<'a> Line<'a> {
    fn of(written: &'a str, before: &Line<'_>) -> Line<'a> {
        let mut line = Line { content: written, ..Line::default() };
        let mut has_mark = false;
        let mut indent;
        loop {
            let rest = line.content.trim_start_matches([' ', '\t']);
            indent = &line.content[..line.content.len() - rest.len()];
            line.content = rest;
            if let Some(quoted) = rest.strip_prefix('>') {
                line.quotes += 1;
                line.content = quoted.strip_prefix(' ').unwrap_or(quoted);
            } else if let Some(item) = item(rest, has_mark || before.is_blank || before.in_list) {
                has_mark = true;
                line.content = item;
            } else {
                break;
            }
        }
        line.is_blank = !has_mark && line.content.trim().is_empty();
        line.is_indented = !has_mark && !indent.is_empty();
        line.in_list = has_mark || (before.in_list && (line.is_blank || line.is_indented));
        line.may_define = line.in_list || (indent.len() < 4 && !indent.contains('\t'));
        line
    }

    /// Whether this line is no longer in the previous line's quote or list.
    fn leaves(&self, before: &Line<'_>) -> bool {
        !self.is_blank && (self.quotes < before.quotes || (before.in_list && !self.in_list))
    }
}

/// What follows the mark of a list item. Inside a paragraph, an item must have text, and its number must be 1.
fn item(text: &str, anywhere: bool) -> Option<&str> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (mark, rest) = text.split_at_checked(digits + 1)?;
    let is_mark = match digits {
        0 => matches!(mark, "-" | "*" | "+"),
        1..=9 => mark.ends_with(['.', ')']),
        _ => false,
    };
    let is_parted = rest.trim().is_empty() || rest.starts_with([' ', '\t']);
    let starts = anywhere || (!rest.trim().is_empty() && matches!(&mark[..digits], "" | "1"));
    (is_mark && is_parted && starts).then_some(rest)
}

/// Whether a text begins like a definition: a label in brackets and a colon.
fn is_definition(text: &str) -> bool {
    let Some(label) = text.strip_prefix('[') else { return false };
    let mut escaped = false;
    let end = label.find(|character: char| {
        let ends = !escaped && matches!(character, '[' | ']');
        escaped = !escaped && character == '\\';
        ends
    });
    end.is_some_and(|end| label[end..].starts_with("]:"))
}

/// A fenced code block, between lines of backticks or tildes.
struct Fence {
    mark: char,
    length: usize,
    quotes: usize,
    in_list: bool,
}

impl Fence {
    fn opened_by(line: &Line<'_>) -> Option<Fence> {
        let mark = line.content.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let rest = line.content.trim_start_matches(mark);
        let length = line.content.len() - rest.len();
        let opens = length >= 3 && !(mark == '`' && rest.contains('`'));
        opens.then_some(Fence { mark, length, quotes: line.quotes, in_list: line.in_list })
    }

    /// Whether the surrounding quote or list ended before the fence was closed.
    fn ended_before(&self, line: &Line<'_>) -> bool {
        line.quotes < self.quotes || (self.in_list && !line.is_blank && !line.is_indented)
    }

    fn is_closed_by(&self, line: &Line<'_>) -> bool {
        let rest = line.content.trim_start_matches(self.mark);
        line.content.len() - rest.len() >= self.length && rest.trim().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m1_a_line_belongs_to_a_quote_or_list_only_where_it_says_so() {
        for (text, expected) in [
            ("> a\nb", "> a\n\nb"),
            (">> a\n> b\nc", ">> a\n>\n> b\n\nc"),
            ("- a\n- b\nc", "- a\n- b\n\nc"),
            ("- a\n  b\n\n  c\nd", "- a\n  b\n\n  c\n\nd"),
            ("1. a\nb", "1. a\n\nb"),
            ("> - a\n> b", "> - a\n>\n> b"),
            ("a\n2. b\nc", "a\n2. b\nc"),
            ("a\n-\nb", "a\n-\nb"),
            ("a\n- b", "a\n- b"),
            ("```\n> a\nb\n- c\nd\n```\n> a\nb", "```\n> a\nb\n- c\nd\n```\n> a\n\nb"),
            ("> ```\n> a\nb\n> c\nd", "> ```\n> a\n\nb\n> c\n\nd"),
        ] {
            assert_eq!(parted(text), expected, "{text:?}");
        }
    }

    #[test]
    fn m1_definitions_are_shown_as_text() {
        for (text, expected) in [
            ("[a]: b", "\\[a]: b"),
            ("> - [a\nb]: c", "> - \\[a\n\nb]: c"),
            ("[a\nb]: c", "\\[a\nb]: c"),
            ("[a](b) [c]: d", "[a](b) [c]: d"),
            ("```\n[a]: b\n```", "```\n[a]: b\n```"),
            ("    [a]: b", "    [a]: b"),
            ("[a\\]: b", "[a\\]: b"),
        ] {
            assert_eq!(parted(text), expected, "{text:?}");
        }
    }
}
