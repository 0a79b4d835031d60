//! Which characters are emoji, and which must not be separated: enough of Unicode's tables to show short messages
//! larger and to truncate text without breaking an emoji or an accent.

/// The most emoji in a message that is shown larger.
const FEW: usize = 3;

const JOINER: char = '\u{200d}';
const AS_PICTURE: char = '\u{fe0f}';
const KEY: char = '\u{20e3}';

/// Whether a text is one to three emoji and nothing else.
pub fn is_emoji_only(text: &str) -> bool {
    let mut count = 0;
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let Some(after) = after_emoji(rest) else { return false };
        count += 1;
        if count > FEW {
            return false;
        }
        rest = after.trim_start();
    }
    count > 0
}

/// What follows a text's first emoji; `None` if it does not begin with one (the sequences of Unicode TS #51, 1.4.9).
fn after_emoji(text: &str) -> Option<&str> {
    let first = text.chars().next()?;
    let rest = &text[first.len_utf8()..];
    if is_flag_letter(first) {
        return rest.strip_prefix(is_flag_letter);
    }
    if first.is_ascii_digit() || matches!(first, '#' | '*') {
        return rest.strip_prefix(AS_PICTURE).unwrap_or(rest).strip_prefix(KEY);
    }
    let rest = if is_picture(first) {
        rest.trim_start_matches(AS_PICTURE)
    } else if is_sign(first) {
        rest.strip_prefix(AS_PICTURE)?
    } else {
        return None;
    };
    let rest = rest.trim_start_matches(|next| is_skin(next) || is_tag(next));
    match rest.strip_prefix(JOINER) {
        Some(joined) => after_emoji(joined),
        None => Some(rest),
    }
}

/// Whether a text must not be cut between these two characters.
pub(crate) fn holds_together(before: char, after: char) -> bool {
    // No character below the first combining mark joins another: a shortcut for most text.
    if before < '\u{300}' && after < '\u{300}' {
        return false;
    }
    before == JOINER
        || matches!(after, JOINER | KEY | '\u{fe00}'..='\u{fe0f}')
        || is_flag(before, after)
        || is_skin(after)
        || is_tag(after)
        || is_mark(after)
}

/// Whether these two letters form a flag; a third one begins the next.
pub(crate) fn is_flag(before: char, after: char) -> bool {
    is_flag_letter(before) && is_flag_letter(after)
}

fn is_flag_letter(character: char) -> bool {
    matches!(character, '\u{1f1e6}'..='\u{1f1ff}')
}

fn is_skin(character: char) -> bool {
    matches!(character, '\u{1f3fb}'..='\u{1f3ff}')
}

fn is_tag(character: char) -> bool {
    matches!(character, '\u{e0020}'..='\u{e007f}')
}

/// Shown as a picture even without [`AS_PICTURE`].
fn is_picture(character: char) -> bool {
    matches!(character,
        '\u{231a}' | '\u{231b}' | '\u{23e9}'..='\u{23f3}' | '\u{25fd}' | '\u{25fe}' | '\u{2614}' | '\u{2615}'
        | '\u{2639}'..='\u{263b}' | '\u{2648}'..='\u{2653}' | '\u{2665}' | '\u{267f}' | '\u{2693}' | '\u{26a1}'
        | '\u{26aa}' | '\u{26ab}' | '\u{26bd}' | '\u{26be}' | '\u{26c4}' | '\u{26c5}' | '\u{26ce}' | '\u{26d4}'
        | '\u{26ea}' | '\u{26f2}' | '\u{26f3}' | '\u{26f5}' | '\u{26fa}' | '\u{26fd}' | '\u{2705}'
        | '\u{270a}'..='\u{270c}' | '\u{2728}' | '\u{274c}' | '\u{274e}' | '\u{2753}'..='\u{2755}' | '\u{2757}'
        | '\u{2763}' | '\u{2764}' | '\u{2795}'..='\u{2797}' | '\u{27b0}' | '\u{27bf}' | '\u{2b1b}' | '\u{2b1c}'
        | '\u{2b50}' | '\u{2b55}' | '\u{1f004}' | '\u{1f0cf}' | '\u{1f18e}' | '\u{1f191}'..='\u{1f19a}'
        | '\u{1f300}'..='\u{1f3fa}' | '\u{1f400}'..='\u{1f64f}' | '\u{1f680}'..='\u{1f6ff}'
        | '\u{1f7e0}'..='\u{1f7ff}' | '\u{1f900}'..='\u{1faff}')
}

/// Shown as a picture only with [`AS_PICTURE`].
fn is_sign(character: char) -> bool {
    matches!(character,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{21ff}'
        | '\u{2300}'..='\u{23ff}' | '\u{24c2}' | '\u{25a0}'..='\u{27bf}' | '\u{2900}'..='\u{297f}'
        | '\u{2b00}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f100}'..='\u{1f2ff}')
}

/// Combining marks: their own blocks, and those of the most common scripts.
fn is_mark(character: char) -> bool {
    matches!(character,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}'
        | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{93c}' | '\u{93e}'..='\u{94f}' | '\u{981}'..='\u{983}'
        | '\u{9bc}'..='\u{9cd}' | '\u{a01}'..='\u{a03}' | '\u{a3c}'..='\u{a51}' | '\u{a81}'..='\u{a83}'
        | '\u{abc}'..='\u{acd}' | '\u{b3c}'..='\u{b57}' | '\u{bbe}'..='\u{bcd}' | '\u{c3e}'..='\u{c56}'
        | '\u{cbc}'..='\u{cd6}' | '\u{d3b}'..='\u{d4d}' | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}'
        | '\u{eb1}' | '\u{eb4}'..='\u{ebc}' | '\u{ec8}'..='\u{ece}' | '\u{102b}'..='\u{103e}'
        | '\u{1160}'..='\u{11ff}' | '\u{17b6}'..='\u{17d3}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20f0}' | '\u{302a}'..='\u{302f}' | '\u{3099}' | '\u{309a}' | '\u{fe20}'..='\u{fe2f}')
}
