//! The figures as a table.

use std::path::Path;

use crate::error::Result;

/// A measurement and what it is compared with.
pub(crate) struct Figure {
    pub(crate) what: &'static str,
    pub(crate) measured: String,
    pub(crate) beside: String,
    /// Empty if nothing is promised.
    pub(crate) wanted: &'static str,
    pub(crate) reached: bool,
}

/// The lines around the newest table in the README.
const BEGIN: &str = "<!-- figures -->\n";
const END: &str = "<!-- end of figures -->";

pub(crate) fn table(figures: &[Figure]) -> String {
    let mut table = String::from(
        "| what | measured | beside it, in the same run | wanted | |\n| --- | --- | --- | --- | --- |\n",
    );
    for Figure { what, measured, beside, wanted, reached } in figures {
        let mark = if wanted.is_empty() {
            ""
        } else if *reached {
            "reached"
        } else {
            "**missed**"
        };
        table.push_str(&format!("| {what} | {measured} | {beside} | {wanted} | {mark} |\n"));
    }
    table
}

/// Prints the table, and writes it into `readme` and a file in `folder` named after the day.
pub(crate) fn write(folder: &Path, readme: &Path, figures: &[Figure]) -> Result<()> {
    let table = table(figures);
    print!("{table}");
    std::fs::create_dir_all(folder)?;
    let now = jiff::Timestamp::now();
    let cores = std::thread::available_parallelism()?;
    let text = format!(
        "Measured {} on {cores} cores, load generator on the same machine.\n\n{table}",
        now.strftime("%Y-%m-%d")
    );
    std::fs::write(folder.join(format!("{}.md", now.strftime("%Y-%m-%d"))), &text)?;
    let page = std::fs::read_to_string(readme)?;
    let (before, rest) = page.split_once(BEGIN).ok_or("the README has no place for figures")?;
    let (_, after) = rest.split_once(END).ok_or("the README's place for figures has no end")?;
    std::fs::write(readme, format!("{before}{BEGIN}{text}{END}{after}"))?;
    Ok(())
}
