//! Reads the medians that criterion left in `target/criterion`.

use std::path::Path;

/// The median of one benchmark in nanoseconds; none when it was not run.
///
/// A benchmark that took turns with its peer has a numbered folder for each: the middle one counts.
pub(crate) fn median_ns(target: &Path, id: &str) -> Option<f64> {
    let folder = target.join("criterion").join(id);
    if let Some(median) = median_of(&folder) {
        return Some(median);
    }
    let mut turns: Vec<f64> = (1_u8..)
        .map_while(|turn| median_of(&folder.join(turn.to_string())))
        .collect();
    turns.sort_by(f64::total_cmp);
    turns.get(turns.len() / 2).copied()
}

fn median_of(folder: &Path) -> Option<f64> {
    median_in(&std::fs::read_to_string(folder.join("new/estimates.json")).ok()?)
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
    fn of_several_turns_the_middle_one_counts() {
        let folder = std::env::temp_dir().join(format!("xtask-estimates-{}", std::process::id()));
        for (turn, median) in [("1", 9), ("2", 5), ("3", 7)] {
            let new = folder.join("criterion/group/ours").join(turn).join("new");
            std::fs::create_dir_all(&new).unwrap();
            let json = format!("{{\"median\":{{\"point_estimate\":{median}.0}}}}");
            std::fs::write(new.join("estimates.json"), json).unwrap();
        }
        let medians = (
            median_ns(&folder, "group/ours"),
            median_ns(&folder, "group/peer"),
        );
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(medians, (Some(7.0), None));
    }

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
