//! What was measured, a value a turn; most of it is what criterion left in `target/criterion`.

use std::path::Path;

/// What was measured of one kind of work: a value a turn, in nanoseconds unless said. There is at least one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Turns(Vec<f64>);

impl Turns {
    /// The turns of one of criterion's benchmarks, each in a numbered folder; none when it was not run.
    pub(super) fn read(target: &Path, id: &str) -> Option<Self> {
        let folder = target.join("criterion").join(id);
        let turns = (1_u8..).map_while(|turn| median_of(&folder.join(turn.to_string())));
        let turns: Vec<f64> = turns.collect();
        (!turns.is_empty()).then_some(Self(turns))
    }

    /// Turns from elsewhere, at least one.
    pub(super) const fn new(turns: Vec<f64>) -> Self {
        Self(turns)
    }

    /// A single value from elsewhere.
    pub(super) fn single(value: f64) -> Self {
        Self(vec![value])
    }

    /// The middle turn.
    pub(super) fn median(&self) -> f64 {
        middle(self.0.clone())
    }

    /// How many times the peer's value ours is: the middle of the turns' own ratios, since what else the machine does
    /// slows both sides of a turn.
    pub(super) fn ratio_to(&self, peer: &Self) -> f64 {
        self.beside(peer, |ours, peer| ours / peer)
    }

    /// How much more than the peer's value ours is: the middle of the turns' own differences.
    pub(super) fn more_than(&self, peer: &Self) -> f64 {
        self.beside(peer, |ours, peer| ours - peer)
    }

    fn beside(&self, peer: &Self, compare: impl Fn(f64, f64) -> f64) -> f64 {
        if self.0.len() == peer.0.len() {
            let pairs = self.0.iter().zip(&peer.0);
            middle(pairs.map(|(ours, peer)| compare(*ours, *peer)).collect())
        } else {
            compare(self.median(), peer.median())
        }
    }
}

/// The middle value of at least one.
fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values
        .get(values.len() / 2)
        .copied()
        .expect("there is at least one turn")
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
    fn turns_are_read_in_order_and_the_middle_one_counts() {
        let folder = std::env::temp_dir().join(format!("xtask-estimates-{}", std::process::id()));
        for (turn, median) in [("1", 9), ("2", 5), ("3", 7)] {
            let new = folder.join("criterion/group/ours").join(turn).join("new");
            std::fs::create_dir_all(&new).unwrap();
            let json = format!("{{\"median\":{{\"point_estimate\":{median}.0}}}}");
            std::fs::write(new.join("estimates.json"), json).unwrap();
        }
        let read = ["group/ours", "group/peer"].map(|id| Turns::read(&folder, id));
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(read, [Some(Turns(vec![9.0, 5.0, 7.0])), None]);
        assert_eq!(Turns(vec![9.0, 5.0, 7.0]).median(), 7.0);
    }

    #[test]
    fn turns_are_compared_with_the_peers_of_the_same_moment() {
        let (ours, peer) = (Turns(vec![2.0, 60.0, 4.0]), Turns(vec![1.0, 30.0, 1.0]));
        assert_eq!(ours.ratio_to(&peer), 2.0);
        assert_eq!(ours.more_than(&peer), 3.0);
        assert_eq!(ours.ratio_to(&Turns::single(2.0)), 2.0);
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
