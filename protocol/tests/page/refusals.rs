//! Every refusal with its status, and what a device does with it.

use countersign_protocol::problem::{Again, Need, Problem};

use crate::{quoted, rows, section};

fn problems() -> Vec<Problem> {
    vec![
        Problem::Malformed,
        Problem::TooLarge,
        Problem::Signature,
        Problem::Audience,
        Problem::UnsupportedVersion {
            server: 1,
            device: 1,
        },
        Problem::Proof { left: 1 },
        Problem::UnknownInvitation,
        Problem::ExpiredInvitation,
        Problem::UsedInvitation,
        Problem::Policy {
            needs: Need::Presence,
        },
        Problem::DeviceLimit {
            devices: vec!["Pixel".to_owned()],
        },
        Problem::NotActive,
        Problem::UnknownDevice,
        Problem::UnknownStatement,
        Problem::Replayed,
        Problem::Order { last: 1 },
        Problem::RateLimited,
        Problem::Unavailable,
    ]
}

/// The rows of the table with this heading: cells name several, with a status for each.
fn table(heading: &str) -> Vec<(String, Vec<&'static str>)> {
    let (_, table) = section("12. Refusals").split_once(heading).unwrap();
    let table = table.split("\n\n").next().unwrap();
    let cells = rows(table).filter(|cells| cells[1].starts_with('`'));
    cells
        .flat_map(|cells| {
            let names = quoted(cells[1]).into_iter().enumerate();
            names
                .map(|(n, name)| {
                    let mut of_one = cells.clone();
                    let statuses: Vec<&str> = cells[2].split(", ").collect();
                    of_one[2] = statuses.get(n).copied().unwrap_or(cells[2]);
                    (name.to_owned(), of_one)
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_refusal_is_named_with_its_status_its_members_and_whether_it_is_sent_again() {
    let listed = table("| name | status | members | again? |\n");
    let problems = problems();
    assert_eq!(listed.len(), problems.len());
    for problem in problems {
        let (name, status) = problem.name_and_status();
        let mut rows = listed.iter().filter(|(listed, _)| listed == name);
        let (_, cells) = rows.next().unwrap_or_else(|| panic!("no {name}"));
        assert!(rows.next().is_none(), "{name}");
        assert_eq!(cells[2], status.to_string(), "{name}");
        let document = problem.to_document();
        let members: Vec<&str> = document.names().skip(2).collect();
        let said: Vec<&str> = quoted(cells[3]).into_iter().take(members.len()).collect();
        assert_eq!(said, members, "{name}");
        let again = match problem.again() {
            Again::No => "no",
            Again::Corrected => "when corrected",
            Again::Fresh => "signed afresh",
            Again::Later => "later",
        };
        assert_eq!(cells[4], again, "{name}");
    }
}

#[test]
fn every_refusal_has_something_that_a_device_does() {
    let done = table("| name | what the device does |\n");
    let mut names: Vec<&str> = done.iter().map(|(name, _)| name.as_str()).collect();
    let problems = problems();
    let mut expected: Vec<&str> = problems.iter().map(|one| one.name_and_status().0).collect();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);
}
