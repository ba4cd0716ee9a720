//! Reads the medians that criterion left in `target/criterion`.

use std::path::Path;

/// The median of one benchmark in nanoseconds; none when it was not run.
pub(crate) fn median_ns(target: &Path, id: &str) -> Option<f64> {
    let file = target.join("criterion").join(id).join("new/estimates.json");
    median_in(&std::fs::read_to_string(file).ok()?)
}

/// The point estimate inside the member `median`. The file is criterion's own, flat and small.
fn median_in(json: &str) -> Option<f64> {
    let (_, median) = json.split_once("\"median\":")?;
    let (_, estimate) = median.split_once("\"point_estimate\":")?;
    let end = estimate.find([',', '}'])?;
    estimate.get(..end)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_found_among_the_others() {
        let json = r#"{"mean":{"confidence_interval":{"confidence_level":0.95,"lower_bound":1.0,"upper_bound":2.0},
            "point_estimate":1.5,"standard_error":0.1},"median":{"confidence_interval":{"confidence_level":0.95,
            "lower_bound":3.0,"upper_bound":4.0},"point_estimate":3.25e2,"standard_error":0.1},"slope":null}"#;
        assert_eq!(median_in(json), Some(325.0));
        assert_eq!(median_in("{}"), None);
        assert_eq!(median_in(r#"{"median":{"point_estimate":"x"}}"#), None);
    }
}
