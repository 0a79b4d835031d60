//! What programs are answered: `/v1/messages` beside the empty route.

use domain::ids::ChannelId;

use crate::Result;
use crate::client::{call, post};
use crate::furniture::Office;
use crate::measure::rate;
use crate::report::Figure;

/// Messages in a page that is asked for.
const PAGE: usize = 50;

/// Messages that a program sends to `busy`, and pages of `short` that it reads.
pub(crate) async fn figures(
    address: &str,
    office: &Office,
    busy: ChannelId,
    short: ChannelId,
) -> Result<Vec<Figure>> {
    eprintln!("a program sends and lists messages …");
    let (empty, key) = (post(address, "/empty", &office.cookie, "{}"), &office.key);
    let body =
        format!("{{\"channelId\":\"{busy}\",\"text\":\"Could you send me the deed of the flat, please?\"}}");
    let send = call(address, "POST", "/v1/messages", key, &body);
    let list = call(address, "GET", &format!("/v1/messages?channelId={short}&limit={PAGE}"), key, "");
    let mut rates = Vec::new();
    // The empty route before, between and after: the machine is shared.
    for request in [&empty, &send, &empty, &list, &empty] {
        let request = request.clone();
        rates.push(rate(address, move || request.clone()).await?);
    }
    let [before, sent, between, listed, after] = rates[..] else { return Err("a rate is missing".into()) };
    let beside = |empty: f64| format!("{empty:.0}/s on an empty JSON route");
    let (of_sent, of_listed) = (f64::midpoint(before, between), f64::midpoint(between, after));
    Ok(vec![
        Figure {
            what: "`POST /v1/messages`, each on disk before its answer (64 connections)",
            measured: format!("{sent:.0}/s"),
            beside: beside(of_sent),
            wanted: "",
            reached: true,
        },
        Figure {
            what: "`GET /v1/messages`, pages of 50 with what became of each (64 connections)",
            measured: format!("{listed:.0}/s"),
            beside: beside(of_listed),
            wanted: "",
            reached: true,
        },
    ])
}
