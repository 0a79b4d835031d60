//! Enhanced status codes (RFC 3463): what a mail server means beyond yes and no.

/// A status such as `5.1.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status {
    class: u16,
    subject: u16,
    detail: u16,
}

impl Status {
    /// Parses a status.
    pub(super) fn parse(text: &str) -> Option<Status> {
        let mut numbers = text.split('.').map(|digits| {
            let is_number =
                (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| digits.parse().ok()).flatten()
        });
        let status = Status { class: numbers.next()??, subject: numbers.next()??, detail: numbers.next()?? };
        (numbers.next().is_none() && matches!(status.class, 2 | 4 | 5)).then_some(status)
    }

    /// The first status in a server's answer.
    pub(super) fn in_answer(answer: &str) -> Option<Status> {
        answer.split([' ', '-', ':', '(', ')', '\r', '\n']).find_map(Status::parse)
    }

    /// Whether it is final.
    pub(super) fn is_final(self) -> bool {
        self.class == 5
    }

    /// Whether it says that the recipient's address accepts no mail: unknown mailbox or domain, bad syntax, ambiguous,
    /// moved (3.2), a domain without mail (RFC 7505), a disabled mailbox (3.3). Statuses about the sender, policy or a full
    /// mailbox say nothing about the address.
    pub(super) fn is_about_address(self) -> bool {
        self.is_final() && matches!((self.subject, self.detail), (1, 1 | 2 | 3 | 4 | 6 | 10) | (2, 1))
    }

    /// Whether it only says that something is wrong.
    pub(super) fn is_unspecific(self) -> bool {
        self.is_final() && matches!((self.subject, self.detail), (0 | 1, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_three_numbers_of_a_class() {
        for (text, found) in [
            ("550 5.1.1 no such person", Some((5, 1, 1))),
            ("permanent error (550): 5.7.26 not you", Some((5, 7, 26))),
            ("550-5.2.1 The account", Some((5, 2, 1))),
            ("421 4.3.2 closing", Some((4, 3, 2))),
            ("550 no such person at 192.0.2.1", None),
            ("550 see version 3.1.1", None),
            ("550 5.1", None),
            ("550 5.1.1.1", None),
            ("550 5.1.+1 5.1.1111", None),
        ] {
            let expected = found.map(|(class, subject, detail)| Status { class, subject, detail });
            assert_eq!(Status::in_answer(text), expected, "{text}");
        }
    }

    #[test]
    fn n12_policy_full_mailboxes_and_the_sender_say_nothing_about_the_address() {
        for (text, about_address) in [
            ("5.1.1", true),
            ("5.1.10", true),
            ("5.2.1", true),
            ("5.2.2", false),
            ("5.7.1", false),
            ("5.1.8", false),
            ("5.4.4", false),
            ("4.1.1", false),
        ] {
            assert_eq!(Status::parse(text).map(Status::is_about_address), Some(about_address), "{text}");
        }
    }
}
