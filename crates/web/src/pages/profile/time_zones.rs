//! The time zones to choose from, by region: those of the IANA database built into the program.

use std::sync::OnceLock;

use jiff::tz::TimeZoneDatabase;

/// A part of the world with its time zones, sorted by name.
#[derive(Debug)]
pub(crate) struct Region {
    /// For instance `Europe`; `Other` for zones that belong to no place.
    pub(crate) name: String,
    /// Full name and label: `Europe/Lisbon`, "Lisbon".
    pub(crate) zones: Vec<(String, String)>,
}

/// All time zones; computed once.
pub(crate) fn regions() -> &'static [Region] {
    static REGIONS: OnceLock<Vec<Region>> = OnceLock::new();
    REGIONS.get_or_init(read)
}

fn read() -> Vec<Region> {
    let database = TimeZoneDatabase::bundled();
    let mut names: Vec<String> = database.available().map(|name| name.as_str().to_string()).collect();
    names.sort_unstable();
    let mut regions: Vec<Region> = Vec::new();
    let mut other = Region { name: "Other".to_string(), zones: Vec::new() };
    for name in names {
        match name.split_once('/') {
            Some((region, place)) if region != "Etc" => {
                let zone = (name.clone(), place.replace('_', " ").replace('/', ", "));
                match regions.last_mut().filter(|last| last.name == region) {
                    Some(last) => last.zones.push(zone),
                    None => regions.push(Region { name: region.to_string(), zones: vec![zone] }),
                }
            }
            _ => other.zones.push((name.clone(), name)),
        }
    }
    regions.push(other);
    regions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_is_there_once() {
        let names: Vec<&str> =
            regions().iter().flat_map(|region| &region.zones).map(|zone| zone.0.as_str()).collect();
        for name in ["Europe/Lisbon", "America/Argentina/Ushuaia", "Asia/Kolkata", "UTC"] {
            assert_eq!(names.iter().filter(|other| **other == name).count(), 1, "{name}");
        }
        let mut regions: Vec<&str> = regions().iter().map(|region| region.name.as_str()).collect();
        let count = regions.len();
        regions.dedup();
        assert_eq!(regions.len(), count);
        assert!(names.len() > 400);
    }
}
