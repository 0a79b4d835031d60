//! The beginning of a message as plain text, for lists and notifications.

use crate::formatting::emoji::{holds_together, is_flag};
use crate::formatting::markdown;
use crate::formatting::text::is_unformatted;

/// The beginning of a message as one line of at most `most` characters: without Markdown's marks, white space
/// collapsed, `…` if something was cut off. The result is not escaped.
pub fn plain(text: &str, most: usize) -> String {
    // Marks take up space too, but a text that begins with more of them than this has no words worth showing.
    let start = &text[..text.floor_char_boundary(most.saturating_mul(8).saturating_add(1_000))];
    let whole = start.len() == text.len();
    if is_unformatted(start) {
        first(start, most, whole)
    } else {
        first(&markdown::words(start), most, whole)
    }
}

fn first(words: &str, most: usize, whole: bool) -> String {
    let seen = |character: char| if character.is_whitespace() { ' ' } else { character };
    let characters =
        words.trim().chars().map(seen).filter(|character| !character.is_control() && !is_turn(*character));
    let mut line = String::new();
    let mut last = ' ';
    let mut room = most;
    // Where the line can be cut so that the ellipsis still fits.
    let mut cut = 0;
    for character in characters {
        if character == ' ' && last == ' ' {
            continue;
        }
        if room > 0 && !holds_together(last, character) {
            cut = line.len();
        }
        if room == 0 {
            return shortened(line, cut);
        }
        room -= 1;
        line.push(character);
        last = if is_flag(last, character) { '\0' } else { character };
    }
    if whole { line } else { shortened(line, cut) }
}

fn shortened(mut line: String, cut: usize) -> String {
    line.truncate(cut);
    // End with a whole word if that costs little.
    if let Some(space) = line.rfind(' ').filter(|space| line.len() - space <= line.len() / 4) {
        line.truncate(space);
    }
    line.truncate(line.trim_end().len());
    line.push('…');
    line
}

/// Characters that change text direction until another one ends it: in a line without an element of its own they
/// would affect what follows.
fn is_turn(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
