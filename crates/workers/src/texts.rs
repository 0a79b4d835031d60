//! The wording of text messages. Each fits one part: 160 septets of the GSM alphabet, or 70 UTF-16 units if the brand needs
//! other letters. They say how many messages from whom and where to answer, never what was written.
//!
//! Names and brands are user input. What does not fit is shortened, names first, then the brand; the link is kept whole.

mod latin;

use domain::kernel::ids::DeliveryId;
use domain::kernel::limits;
use domain::kernel::name::Name;
use domain::notify::phone_settings::{self, PreparedCode};
use outbound::mail::one_line;
use outbound::text::{ONE_PART_SEPTETS, Text, fits};

/// Maximum characters of a name, tried in this order; the first fills two lines on a phone.
const NAME_CHARACTERS: [usize; 3] = [40, 20, 10];
/// A brand in letters outside GSM keeps at least this many characters; if the link leaves less room, it is written in Latin
/// letters or left out.
const FOREIGN_BRAND_CHARACTERS_MIN: usize = 6;

/// What the text of a digest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextContent {
    pub(crate) brand: String,
    /// Number of unread messages.
    pub(crate) count: usize,
    /// The authors, each once, newest message first.
    pub(crate) from: Vec<Name>,
    /// Where to answer.
    pub(crate) link: String,
}

/// The text with the code that verifies a number.
pub(crate) fn code(delivery: DeliveryId, prepared: &PreparedCode) -> Text {
    let minutes = phone_settings::CODE_LASTS.as_secs() / 60;
    let start = format!("{} is your code for ", prepared.code);
    let end = format!(". It is good for {minutes} minutes. Never pass it on.");
    let body = with_brand(&prepared.brand_name, |brand| format!("{start}{brand}{end}"))
        .unwrap_or_else(|| format!("{} is your code{end}", prepared.code));
    Text { id: delivery.to_string(), to: prepared.number.clone(), body }
}

/// The text of a digest, to a number (N9).
pub(crate) fn digest(delivery: DeliveryId, number: &str, content: &TextContent) -> Text {
    Text { id: delivery.to_string(), to: number.to_owned(), body: body(content) }
}

fn body(content: &TextContent) -> String {
    let link = &content.link;
    let (count, noun) = (content.count, if content.count == 1 { "message" } else { "messages" });
    let bare = [format!("{count} new {noun}."), format!("{count} new.")];
    let brand = readable(&content.brand);
    let (brand, is_gsm) = match latin::in_gsm(&brand, latin::Fold::Signs) {
        Some(brand) => (brand, true),
        None => (brand, false),
    };
    let whole = froms(&content.from, is_gsm)
        .map(|from| format!("{brand}: {count} new {noun} from {from}. {link}"))
        .chain(bare.iter().map(|bare| format!("{brand}: {bare} {link}")))
        .find(|text| !brand.is_empty() && fits(text));
    if let Some(text) = whole {
        return text;
    }
    bare.iter()
        .find_map(|bare| with_brand(&content.brand, |brand| format!("{brand}: {bare} {link}")))
        .or_else(|| bare.iter().map(|bare| format!("{bare} {link}")).find(|text| fits(text)))
        .unwrap_or_else(|| link.clone())
}

/// Calls `say` with the brand, or with as much of its beginning as fits one part. `None` if there is not enough room.
fn with_brand(brand: &str, say: impl Fn(&str) -> String) -> Option<String> {
    let brand = readable(brand);
    if brand.is_empty() {
        return None;
    }
    let (own, least) = match latin::in_gsm(&brand, latin::Fold::Signs) {
        Some(brand) => (brand, 1),
        None => (brand.clone(), FOREIGN_BRAND_CHARACTERS_MIN),
    };
    longest(&own, least, &say).or_else(|| longest(&latin::in_gsm(&brand, latin::Fold::Letters)?, 1, &say))
}

fn longest(brand: &str, least: usize, say: &impl Fn(&str) -> String) -> Option<String> {
    let whole = say(brand);
    if fits(&whole) {
        return Some(whole);
    }
    let characters = brand.chars().count().min(ONE_PART_SEPTETS);
    (least..characters).rev().map(|most| say(&cut(brand, most))).find(|text| fits(text))
}

/// The ways to name the authors, from full names to a few letters of one.
fn froms(names: &[Name], is_gsm: bool) -> impl Iterator<Item = String> {
    let written = |name: String| {
        let name = readable(&name);
        // Phones would turn what looks like an address into a link.
        let is_plain = !name.is_empty() && !name.contains(['.', '/', '@', ':']);
        if !is_plain {
            None
        } else if is_gsm {
            latin::in_gsm(&name, latin::Fold::Letters)
        } else {
            Some(name)
        }
    };
    let full: Option<Vec<String>> = names.iter().map(|name| written(name.full())).collect();
    let given: Option<Vec<String>> = names.iter().map(|name| written(name.given_or_full())).collect();
    let mut ways = Vec::new();
    for list in [full, given].into_iter().flatten() {
        for most in NAME_CHARACTERS {
            let list: Vec<String> = list.iter().map(|name| cut(name, most)).collect();
            let others = list.len().saturating_sub(1);
            match list.as_slice() {
                [] => {}
                [one] => ways.push(one.clone()),
                [one, other] => ways.extend([format!("{one} and {other}"), format!("{one} and 1 other")]),
                [one, ..] => ways.push(format!("{one} and {others} others")),
            }
        }
    }
    ways.into_iter()
}

/// At most `most` characters, followed by two dots if some are missing.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most).collect();
    cut.truncate(cut.trim_end().len());
    cut + ".."
}

/// On one line, without invisible characters.
fn readable(text: &str) -> String {
    let line = one_line(text);
    let seen = |character: &char| *character == ' ' || !limits::is_blank(character.encode_utf8(&mut [0; 4]));
    line.chars().filter(seen).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests;
