//! All answers to whether texts may be sent, as CSV (RFC 4180): for admins to keep, or to show who asks for proof.

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use domain::consents::{self, Consent};

use crate::App;
use crate::answers::Result;
use crate::times;
use crate::visitor::Visitor;

const HEAD: &str = "time,person,name,email,number,answer,how,wording\r\n";

pub(super) async fn export(State(app): State<App>, visitor: Visitor) -> Result {
    let all = app.store().read_long(move |reader| consents::all(reader, &visitor.actor)).await?;
    let mut csv = String::from(HEAD);
    for consent in &all {
        csv.push_str(&line(consent));
    }
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"consents.csv\""),
    ];
    Ok((headers, csv).into_response())
}

fn line(consent: &Consent) -> String {
    let answer = if consent.is_yes { "yes" } else { "no" };
    let cells = [
        times::exact(consent.at),
        consent.person.to_string(),
        cell(&consent.name.full()),
        cell(&consent.name.email),
        // A + and digits: to a table program a number, never a formula.
        consent.number.clone(),
        answer.to_string(),
        consent.how.word().to_string(),
        cell(&consent.wording),
    ];
    cells.join(",") + "\r\n"
}

/// What people typed, in quotes. A beginning that table programs take for a formula gets an apostrophe before it.
fn cell(text: &str) -> String {
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r']);
    let mark = if is_formula { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn n9_a_cell_is_text_whatever_people_typed() {
        assert_eq!(cell("Jane \"JJ\" Lee, Dr"), "\"Jane \"\"JJ\"\" Lee, Dr\"");
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(cell(" @sum"), "\"' @sum\"");
        assert_eq!(cell("a\r\nb"), "\"a\r\nb\"");
    }
}
