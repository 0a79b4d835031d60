//! Reads the reports that mail systems send when a mail did not arrive (RFC 3464, RFC 6522). Anybody can write one: the
//! caller decides whether to believe it. Uses `mail-parser` for MIME.

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

use super::one_line::one_line;
use super::status::Status;

/// Longer reports are not read. They include the mail that they are about, or its headers.
pub const REPORT_BYTES_MAX: usize = 10 << 20;
/// Maximum characters kept of a reason.
const REASON_CHARACTERS_MAX: usize = 300;

/// What a report says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The Message-ID of the mail that it is about, without angle brackets.
    pub message_id: String,
    /// The addresses that the mail did not reach, as it was sent and as it was forwarded.
    pub addresses: Vec<String>,
    /// Whether the address accepts no mail at all, not just not this one.
    pub is_about_address: bool,
    /// Why, in the words of the report.
    pub reason: String,
}

/// Reads a report. `None` if it is no report, names no mail, or reports no failure (but a delay or an arrival).
pub fn read(bytes: &[u8]) -> Option<Report> {
    let message = MessageParser::new().parse(bytes)?;
    let is = |kind: &str, names: &[&str]| {
        message.parts.iter().find(|part| {
            let content = part.content_type();
            content.is_some_and(|content| {
                content.ctype().eq_ignore_ascii_case(kind)
                    && content
                        .subtype()
                        .is_some_and(|subtype| names.iter().any(|name| subtype.eq_ignore_ascii_case(name)))
            })
        })
    };
    let status = is("message", &["delivery-status", "global-delivery-status"])?;
    let status = String::from_utf8_lossy(status.contents());
    let failed = fields(&status).into_iter().skip(1).find(Fields::is_failure)?;
    let message_id = is("message", &["rfc822", "global"])
        .and_then(|part| match &part.body {
            PartType::Message(original) => original.message_id().map(str::to_owned),
            _ => headers_of(part.contents()),
        })
        .or_else(|| {
            let headers = is("text", &["rfc822-headers"])
                .or_else(|| is("message", &["rfc822-headers", "global-headers"]))?;
            headers_of(headers.contents())
        })?;
    Some(failed.report(message_id))
}

/// The Message-ID among headers without a body.
fn headers_of(headers: &[u8]) -> Option<String> {
    let original: Message<'_> = MessageParser::new().parse_headers(headers)?;
    original.message_id().map(str::to_owned)
}

/// The fields of one recipient, names in small letters, values unfolded.
struct Fields(Vec<(String, String)>);

/// Groups of fields, parted by empty lines: the first is about the report, each further one about a recipient.
fn fields(text: &str) -> Vec<Fields> {
    let mut groups = vec![Fields(Vec::new())];
    for line in text.lines() {
        let Some(Fields(group)) = groups.last_mut() else { break };
        if line.trim().is_empty() {
            if !group.is_empty() {
                groups.push(Fields(Vec::new()));
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            group.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups
}

impl Fields {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value after the kind that it is of: `rfc822; jane@client.example`.
    fn typed(&self, name: &str) -> Option<&str> {
        self.get(name)?.split_once(';').map(|(_, value)| value.trim())
    }

    fn is_failure(&self) -> bool {
        self.get("action").is_some_and(|action| action.trim().eq_ignore_ascii_case("failed"))
    }

    fn report(&self, message_id: String) -> Report {
        let addresses =
            ["original-recipient", "final-recipient"].into_iter().filter_map(|name| self.typed(name));
        let said = self.typed("diagnostic-code").unwrap_or_default();
        let stated = self.get("status").and_then(|status| Status::parse(status.split_whitespace().next()?));
        // The server's own words say more than an unspecific status.
        let status = match (stated, Status::in_answer(said)) {
            (Some(stated), Some(answered)) if stated.is_unspecific() => Some(answered),
            (stated, answered) => stated.or(answered),
        };
        let reason = if said.is_empty() { self.get("status").unwrap_or("it came back") } else { said };
        Report {
            message_id,
            addresses: addresses.map(|address| address.trim_matches(['<', '>']).to_owned()).collect(),
            is_about_address: status.is_some_and(Status::is_about_address),
            reason: one_line(reason).chars().take(REASON_CHARACTERS_MAX).collect(),
        }
    }
}
