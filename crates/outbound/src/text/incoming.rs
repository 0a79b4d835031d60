//! Understands what people write back, as the provider's webhook passes it on: whether they want no more texts, want them
//! again, or ask for help.
//!
//! The words are those of the providers and of the CTIA's rules. They count alone and in a sentence: since April 2025 the FCC
//! (47 CFR 64.1200(a)(10)) accepts any reasonable wording as a wish to stop.

/// What the sender of a text wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// No more texts.
    Stop,
    /// Texts again.
    Start,
    /// To know who sends texts, and how to stop them.
    Help,
}

/// Words that mean stop if they are alone, or nearly ("please cancel").
const STOP_ALONE: [&str; 10] =
    ["stop", "stopall", "unsubscribe", "unsub", "cancel", "end", "quit", "optout", "revoke", "arret"];
/// Words that mean stop anywhere in a text.
const STOP_WITHIN: [&str; 6] = ["stop", "stopall", "unsubscribe", "unsub", "optout", "revoke"];
/// Words that mean stop in a text about texts: "cancel these texts".
const STOP_OF_TEXTS: [&str; 4] = ["cancel", "end", "quit", "remove"];
const TEXTS: [&str; 8] =
    ["text", "texts", "texting", "message", "messages", "messaging", "sms", "notifications"];
/// Phrases that mean stop anywhere.
const STOP_PHRASES: [&[&str]; 13] = [
    &["opt", "out"],
    &["opt", "me", "out"],
    &["opting", "out"],
    &["no", "more", "texts"],
    &["no", "more", "messages"],
    &["don", "t", "text"],
    &["dont", "text"],
    &["do", "not", "text"],
    &["don", "t", "message"],
    &["do", "not", "message"],
    &["remove", "me"],
    &["take", "me", "off"],
    &["leave", "me", "alone"],
];
/// Words before "stop" that negate it: "please don't stop".
const NEGATIONS: [&str; 4] = ["dont", "not", "never", "t"];
const START: [&str; 5] = ["start", "unstop", "yes", "resume", "subscribe"];
const START_WITHIN: [&str; 2] = ["start", "unstop"];
const HELP: [&str; 2] = ["help", "info"];

/// Longer texts are cut: ten parts.
const READ_MAX: usize = 6_400;

/// What the sender wants, if anything. If a text could mean several things, stopping comes first.
pub fn wish(text: &str) -> Option<Wish> {
    let text: String = text.chars().take(READ_MAX).collect::<String>().to_lowercase().replace('ê', "e");
    let words: Vec<&str> =
        text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let alone = |known: &[&str]| matches!(words.as_slice(), [word] if known.contains(word));
    let within = |known: &[&str]| words.iter().any(|word| known.contains(word));
    if alone(&STOP_ALONE)
        || wants_stop(&words)
        || (words.len() == 2 && words[0] == "please" && within(&STOP_ALONE))
    {
        Some(Wish::Stop)
    } else if alone(&START) || within(&START_WITHIN) {
        Some(Wish::Start)
    } else if within(&HELP) {
        Some(Wish::Help)
    } else {
        None
    }
}

fn wants_stop(words: &[&str]) -> bool {
    let by_word = words.iter().enumerate().any(|(place, word)| {
        let is_turned_round = place > 0 && NEGATIONS.contains(&words[place - 1]);
        STOP_WITHIN.contains(word) && !is_turned_round
    });
    let has = |known: &[&str]| words.iter().any(|word| known.contains(word));
    by_word
        || (has(&STOP_OF_TEXTS) && has(&TEXTS))
        || STOP_PHRASES.iter().any(|phrase| words.windows(phrase.len()).any(|window| window == *phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n9_stop_and_its_kin_are_understood_alone_and_in_a_sentence() {
        for text in [
            "STOP",
            " stop. ",
            "Stop!!",
            "STOPALL",
            "unsubscribe",
            "Cancel",
            "END",
            "Quit",
            "opt-out",
            "OPTOUT",
            "Revoke",
            "ARRÊT",
            "Please stop texting me",
            "stop, thanks",
            "I'd like to opt out of these",
            "opt me out",
            "Don't text me any more",
            "Don’t text me",
            "no more texts please",
            "remove me from your list",
            "Please cancel",
            "Cancel these texts",
            "quit texting me",
            "Help, how do I stop this?",
            "STOP START",
        ] {
            assert_eq!(wish(text), Some(Wish::Stop), "{text}");
        }
    }

    #[test]
    fn n9_start_and_help_are_understood() {
        for text in ["START", "Yes", "unstop", "please start again"] {
            assert_eq!(wish(text), Some(Wish::Start), "{text}");
        }
        for text in ["HELP", "help!", "info", "I need help with this"] {
            assert_eq!(wish(text), Some(Wish::Help), "{text}");
        }
    }

    #[test]
    fn n9_what_only_sounds_alike_wants_nothing() {
        for text in [
            "",
            "👍",
            "Thanks, see you at the bus stopover",
            "The weekend is fine",
            "Yes, tomorrow at nine",
            "please don't stop",
            "We can cancel the meeting, or not",
            "There is no more time",
            "The appendix ends on page 9",
        ] {
            assert_eq!(wish(text), None, "{text}");
        }
    }
}
