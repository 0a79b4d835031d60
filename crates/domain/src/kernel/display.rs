//! Numbers, sizes and names in the form people read them.

/// Replaces characters that have no shape of their own.
pub(crate) const STAND_IN: char = '\u{fffd}';

/// A name to show on a page, with hidden characters and those that change text direction made visible (F12).
pub fn shown(given: &str) -> String {
    given.chars().map(|c| if is_unseen(c) { STAND_IN } else { c }).collect()
}

/// Characters that change text direction or cannot be seen. Joiners are exempt: scripts and emoji need them.
pub(crate) fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// For example `10,000`.
pub fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// For example `1.4 MB`; units are powers of 1000, as storage is sold.
pub fn size(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KB", "MB", "GB", "TB"];
    let mut amount = bytes.max(0) as f64;
    let mut unit = 0;
    // 999.5 and more would round to 1000.
    while amount >= 999.5 && unit + 1 < UNITS.len() {
        amount /= 1000.0;
        unit += 1;
    }
    if unit == 0 && bytes == 1 {
        "1 byte".to_string()
    } else if unit == 0 || amount >= 99.95 || (amount * 10.0).round() % 10.0 == 0.0 {
        format!("{amount:.0} {}", UNITS[unit])
    } else {
        format!("{amount:.1} {}", UNITS[unit])
    }
}
