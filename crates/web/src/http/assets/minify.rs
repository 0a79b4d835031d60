//! Minifies scripts: removes comments, indentation and empty lines. All else stays byte for byte, above all the content
//! of strings, templates and regular expressions. Line breaks stay, so that automatic semicolon insertion works as
//! before and errors name useful lines.
//!
//! One heuristic beyond the grammar (ECMA-262, 12): a regular expression follows an operator, an opening bracket or a
//! word such as `return`, never a `)` or a `}`. The browser tests compare the syntax trees of source and result.

/// Keywords after which a slash begins a regular expression.
const BEFORE_EXPRESSIONS: [&str; 8] = ["return", "typeof", "case", "of", "in", "await", "yield", "void"];

pub(crate) fn minify(script: &str) -> String {
    let mut lean = String::with_capacity(script.len());
    // For each open template, the number of open braces in its current `${…}`.
    let mut open: Vec<usize> = Vec::new();
    let mut rest = script;
    while let Some(first) = rest.chars().next() {
        let gap = gap(rest);
        if gap > 0 {
            let (between, after) = rest.split_at(gap);
            if !lean.is_empty() {
                lean.push(if between.contains('\n') { '\n' } else { ' ' });
            }
            rest = after;
            continue;
        }
        let length = match (first, open.last_mut()) {
            ('"' | '\'', _) => enclosed(rest, first),
            ('/', _) if is_before_expression(&lean) => regular_expression(rest),
            ('`', _) => template(rest, &mut open),
            ('}', Some(0)) => {
                open.pop();
                template(rest, &mut open)
            }
            ('{', Some(braces)) => {
                *braces += 1;
                1
            }
            ('}', Some(braces)) => {
                *braces -= 1;
                1
            }
            _ => first.len_utf8(),
        };
        let (kept, after) = rest.split_at(length);
        lean.push_str(kept);
        rest = after;
    }
    lean
}

/// The length of the leading white space and comments.
fn gap(text: &str) -> usize {
    let mut rest = text;
    loop {
        let blank = rest.trim_start();
        let after = if blank.starts_with("//") {
            &blank[blank.find('\n').unwrap_or(blank.len())..]
        } else if let Some(comment) = blank.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, after)| after)
        } else {
            return text.len() - blank.len();
        };
        rest = after;
    }
}

/// The length up to and including the first unescaped character for which `is_end` holds, starting at the second character.
fn up_to(text: &str, mut is_end: impl FnMut(&str, char) -> bool) -> usize {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if is_end(&text[at..], character) {
            return at + character.len_utf8();
        }
    }
    text.len()
}

fn enclosed(text: &str, quote: char) -> usize {
    up_to(text, |_, character| character == quote)
}

fn regular_expression(text: &str) -> usize {
    let mut is_in_class = false;
    up_to(text, |_, character| {
        match character {
            '[' => is_in_class = true,
            ']' => is_in_class = false,
            _ => {}
        }
        character == '/' && !is_in_class
    })
}

/// From the start of a template, or the end of a `${…}` in it, to its end or the next `${`, which is pushed to `open`.
fn template(text: &str, open: &mut Vec<usize>) -> usize {
    let end = up_to(text, |rest, character| character == '`' || rest.starts_with("${"));
    if text[..end].ends_with('$') && text[end..].starts_with('{') {
        open.push(0);
        return end + 1;
    }
    end
}

/// Whether an expression can follow what has been written, rather than an operator.
fn is_before_expression(lean: &str) -> bool {
    let before = lean.trim_end();
    let is_in_word = |character: char| character.is_alphanumeric() || character == '_' || character == '$';
    let word = &before[before.trim_end_matches(is_in_word).len()..];
    if word.is_empty() {
        !before.ends_with([')', ']', '}', '"', '\'', '`'])
    } else {
        BEFORE_EXPRESSIONS.contains(&word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn comments_indentation_and_empty_lines_go() {
        let script = "// What it is for.\n\nimport { a } from \"./a.js\";\n\n/** @param {string} b */\nfunction c(b) {\n  \
                      // Why.\n  return /** @type {any} */ (b); // here\n}\n";
        assert_eq!(minify(script), "import { a } from \"./a.js\";\nfunction c(b) {\nreturn (b);\n}\n");
    }

    #[test]
    fn what_is_quoted_stays() {
        for script in [
            r#"a = "// no comment /* none */ \" ' `";"#,
            r#"a = '  // it\'s  "kept"  ';"#,
            "a = `  two\n   lines // ${b + `  /* ${ {c: \"}\"}.c } */  `}  kept   `;",
            r"a = `\${b}  \`  // `;",
            r#"a = b.match(/[/"'`]\/\/  "/g);"#,
            r"if (/\s+\/\/  x/.test(a)) b();",
            r"return /  '  /;",
            "a = [/'/, /`/];",
        ] {
            assert_eq!(minify(script), script);
        }
    }

    #[test]
    fn a_division_is_no_regular_expression() {
        assert_eq!(minify("a = (b) / c; // d / e\nf = g[1] / 2 / h;"), "a = (b) / c;\nf = g[1] / 2 / h;");
        assert_eq!(minify("a = inner / 2; // 'x\nb();"), "a = inner / 2;\nb();");
    }

    #[test]
    fn a_comment_over_lines_ends_a_line() {
        assert_eq!(minify("return /* one\ntwo */ a"), "return\na");
        assert_eq!(minify("a /* one */ + b"), "a + b");
    }

    #[test]
    fn what_is_not_finished_ends_with_the_text() {
        for script in ["\"", "`a${b", "/* a", "// a", "'\\", "a = /[", "`${`${"] {
            assert!(minify(script).len() <= script.len(), "{script}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end_and_once_is_enough(script in r#"([a-z ;(){}\n/*"'`$\\=]|\$\{|//|/\*|\*/|é){0,60}"#) {
            let once = minify(&script);
            prop_assert!(once.len() <= script.len());
            prop_assert_eq!(&minify(&once), &once);
        }

        #[test]
        fn strings_between_comments_come_through(parts in prop::collection::vec(r#"[a-zé /*'`${}]{0,12}"#, 1..8)) {
            let written: String = parts.iter().map(|part| format!("  /* '\"` */ say(\"{part}\"); // \"`'\n")).collect();
            let served: Vec<String> = parts.iter().map(|part| format!("say(\"{part}\");")).collect();
            let found = minify(&written);
            prop_assert_eq!(found.lines().collect::<Vec<_>>(), served);
        }
    }
}
