//! Whether a history can be that of one channel in which nothing is lost, doubled or reordered: the rules M2 to M5 and M8.
//!
//! Knows no portal: it looks at intervals of time. Whatever overlaps may have happened in either order, so only what is
//! certain is a violation.

use std::collections::HashMap;

use uuid::Uuid;

use crate::history::{Action, History, Listening, Moment, NEVER, Outcome, Shown};

/// What the history breaks, a sentence each.
pub(crate) fn violations(history: &History) -> Vec<String> {
    let mut checker = Checker { history, messages: HashMap::new(), found: Vec::new() };
    checker.gather();
    checker.sends();
    checker.order();
    checker.refusals();
    checker.lists();
    checker.texts();
    checker.reading();
    for stream in &history.streams {
        checker.stream(stream);
    }
    checker.found
}

/// A text that a message was given, or none: its deletion.
struct Write<'a> {
    begun: Moment,
    ended: Moment,
    text: Option<&'a str>,
}

/// Somebody saw the text of a message.
struct Look<'a> {
    begun: Moment,
    ended: Moment,
    text: Option<&'a str>,
}

/// What was done with one message.
#[derive(Default)]
struct Told<'a> {
    /// The first attempt to send it, and the first answer.
    begun: Moment,
    sent: Moment,
    writes: Vec<Write<'a>>,
    looks: Vec<Look<'a>>,
    /// Its place at the end.
    place: Option<usize>,
}

struct Checker<'a> {
    history: &'a History,
    messages: HashMap<Uuid, Told<'a>>,
    found: Vec<String>,
}

impl<'a> Checker<'a> {
    fn gather(&mut self) {
        let history = self.history;
        for operation in &history.operations {
            let Action::Send { message, text } = &operation.action else { continue };
            let told = self.messages.entry(*message).or_insert_with(|| Told {
                begun: NEVER,
                sent: NEVER,
                ..Told::default()
            });
            told.begun = told.begun.min(operation.begun);
            if operation.is_done() {
                told.sent = told.sent.min(operation.ended);
            }
            told.writes = vec![Write { begun: told.begun, ended: told.sent, text: Some(text) }];
        }
        for operation in &history.operations {
            let (begun, ended) = (operation.begun, operation.ended);
            let text = match &operation.action {
                Action::Edit { text, .. } => Some(text.as_str()),
                Action::Delete { .. } => None,
                _ => continue,
            };
            let is_possible = !matches!(operation.outcome, Outcome::Refused(_));
            let told = operation.message().and_then(|message| self.messages.get_mut(&message));
            if let (Some(told), true) = (told, is_possible) {
                let ended = if operation.is_done() { ended } else { NEVER };
                told.writes.push(Write { begun, ended, text });
            }
        }
        for (place, shown) in history.end.iter().enumerate() {
            match self.messages.get_mut(&shown.message) {
                None => self.found.push(format!("{} was never sent", shown.message)),
                Some(told) if told.place.is_some() => {
                    self.found.push(format!("{} is there twice", shown.message));
                }
                Some(told) => told.place = Some(place),
            }
        }
        for operation in &history.operations {
            // A message sent again is answered as it was or as it is: its text says nothing of the order.
            if matches!(operation.action, Action::Send { .. }) {
                continue;
            }
            for shown in operation.shown() {
                self.look(shown, operation.begun, operation.ended);
            }
        }
        for shown in &history.end {
            self.look(shown, NEVER, NEVER);
        }
    }

    fn look(&mut self, shown: &'a Shown, begun: Moment, ended: Moment) {
        match self.messages.get_mut(&shown.message) {
            None => self.found.push(format!("{} was shown and never sent", shown.message)),
            Some(told) => told.looks.push(Look { begun, ended, text: shown.text.as_deref() }),
        }
    }

    /// M2, M3: what was answered is there, and what was shown.
    fn sends(&mut self) {
        for (message, told) in &self.messages {
            if told.place.is_some() {
                continue;
            }
            if told.sent < NEVER {
                self.found.push(format!("{message} was answered and is lost"));
            }
            if !told.looks.is_empty() {
                self.found.push(format!("{message} was shown and is lost"));
            }
        }
    }

    /// M4: what was answered before something else was sent stands before it.
    fn order(&mut self) {
        let mut first_later_answer = (NEVER, Uuid::nil());
        for shown in self.history.end.iter().rev() {
            let Some(told) = self.messages.get(&shown.message) else { continue };
            if first_later_answer.0 < told.begun {
                self.found.push(format!(
                    "{} stands behind {}, which was sent after its answer",
                    first_later_answer.1, shown.message
                ));
            }
            first_later_answer = first_later_answer.min((told.sent, shown.message));
        }
    }

    /// Nothing is refused but what was not there, or was deleted.
    fn refusals(&mut self) {
        for operation in &self.history.operations {
            let Outcome::Refused(status) = operation.outcome else { continue };
            let told = operation.message().and_then(|message| self.messages.get(&message));
            let is_known = told.is_some_and(|told| told.sent < operation.begun);
            let may_be_deleted = told.is_some_and(|told| {
                told.writes.iter().any(|write| write.text.is_none() && write.begun < operation.ended)
            });
            let is_right = match operation.action {
                Action::Send { .. } | Action::List { .. } => false,
                Action::Look { .. } => !is_known,
                _ => !is_known || may_be_deleted,
            };
            if !is_right || !(400..500).contains(&status) {
                self.found.push(format!("{:?} was answered {status}", operation.action));
            }
        }
    }

    /// M4: a list shows the channel as it was at one moment, without a gap.
    fn lists(&mut self) {
        for operation in &self.history.operations {
            let Action::List { is_whole } = operation.action else { continue };
            if !operation.is_done() {
                continue;
            }
            let shown = operation.shown();
            let places: Vec<_> = shown
                .iter()
                .filter_map(|shown| self.messages.get(&shown.message).and_then(|told| told.place))
                .collect();
            if places.windows(2).any(|pair| pair[0] != pair[1] + 1) {
                self.found
                    .push("a list has a gap, a message twice, or another order than the end".to_string());
            }
            if is_whole && places.last().is_some_and(|last| *last != 0) {
                self.found.push("a whole list does not begin with the first message".to_string());
            }
            let newest = places.first().copied();
            for (message, told) in &self.messages {
                let is_shown = newest.is_some() && told.place <= newest;
                if told.place.is_some() && !is_shown && told.sent < operation.begun {
                    self.found.push(format!("{message} was answered, and a later list is without it"));
                }
                if told.place.is_some() && is_shown && told.begun > operation.ended {
                    self.found.push(format!("{message} was in a list before it was sent"));
                }
            }
        }
    }

    /// M5: everybody sees the newest text, and a deleted message stays deleted.
    fn texts(&mut self) {
        for (message, told) in &self.messages {
            for look in &told.looks {
                self.found.extend(told.wrong(look).map(|why| format!("{message}: {why}")));
            }
            let mut looks: Vec<_> = told.looks.iter().collect();
            looks.sort_by_key(|look| look.begun);
            // The newest text that was certainly seen before each look.
            for (index, later) in looks.iter().enumerate() {
                let is_older = |earlier: &&&Look<'_>| {
                    earlier.ended < later.begun && told.is_before(later.text, earlier.text)
                };
                if looks[..index].iter().any(|earlier| is_older(&earlier)) {
                    self.found.push(format!("{message}: an older text came back"));
                }
            }
            let deleted =
                told.writes.iter().filter(|write| write.text.is_none()).map(|write| write.ended).min();
            let is_late =
                |write: &&Write<'_>| write.ended < NEVER && deleted.is_some_and(|at| at < write.begun);
            if told.writes.iter().filter(|write| write.text.is_some()).any(|write| is_late(&write)) {
                self.found.push(format!("{message}: it was edited after it was deleted"));
            }
        }
    }

    /// M8: what was read stays read, and nothing beyond it.
    fn reading(&mut self) {
        let (mut least, mut most) = (None, None);
        for operation in &self.history.operations {
            let Action::Read { message } = operation.action else { continue };
            let place = self.messages.get(&message).and_then(|told| told.place);
            most = most.max(place);
            if operation.is_done() {
                least = least.max(place);
            }
        }
        for (place, shown) in self.history.end.iter().enumerate() {
            let place = Some(place);
            // The API does not say who saw a deleted message.
            if shown.text.is_some() && (place <= least && !shown.is_seen || place > most && shown.is_seen) {
                self.found.push(format!("{}: read is {}, which is wrong", shown.message, shown.is_seen));
            }
        }
    }

    /// M4: a stream brings everything once, in the order of the channel, and ends with what is true.
    fn stream(&mut self, stream: &Listening) {
        if stream.heard.windows(2).any(|pair| pair[0].seq >= pair[1].seq) {
            self.found.push("a stream goes back, or says something twice".to_string());
        }
        let sent = stream.heard.iter().filter(|heard| heard.name == "message.sent");
        let places: Vec<_> =
            sent.filter_map(|heard| self.messages.get(&heard.message).and_then(|told| told.place)).collect();
        if places.windows(2).any(|pair| pair[0] + 1 != pair[1]) {
            self.found.push("a stream has a gap, a message twice, or another order than the end".to_string());
        }
        let newest = self.history.end.len().checked_sub(1);
        if places.last().copied() != newest {
            self.found.push("a stream does not bring the newest message".to_string());
        }
        for (message, told) in &self.messages {
            let is_missing = told.place < places.first().copied();
            if told.place.is_some() && is_missing && told.begun > stream.open {
                self.found.push(format!("{message} was sent after a stream stood, which is without it"));
            }
        }
        let last: HashMap<_, _> = stream.heard.iter().map(|heard| (heard.message, &heard.text)).collect();
        for shown in &self.history.end {
            if last.get(&shown.message).is_some_and(|text| **text != shown.text) {
                self.found.push(format!("{}: a stream ends with another text", shown.message));
            }
        }
    }
}

impl Told<'_> {
    /// Why a look can't have been answered so.
    fn wrong(&self, look: &Look<'_>) -> Option<&'static str> {
        let write = self.writes.iter().find(|write| write.text == look.text);
        let Some(write) = write else { return Some("a text was shown that nobody wrote") };
        if self.writes.iter().filter(|write| write.text == look.text).all(|write| write.begun > look.ended) {
            return Some("a text was shown before it was written");
        }
        let is_replaced = |later: &Write<'_>| write.ended < later.begun && later.ended < look.begun;
        let was_replaced = look.text.is_some() && self.writes.iter().any(is_replaced);
        was_replaced.then_some("a text was shown that had been replaced")
    }

    /// Whether one text was certainly replaced before, or by, the other.
    fn is_before(&self, one: Option<&str>, other: Option<&str>) -> bool {
        if other.is_none() {
            return one.is_some();
        }
        let find = |text| self.writes.iter().find(|write| write.text == text);
        match (find(one), find(other)) {
            (Some(one), Some(other)) => one.ended < other.begun,
            _ => false,
        }
    }
}
