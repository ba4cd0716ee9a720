//! Changing keys and restored servers: what holds in every reachable state, and which rule it rests on.

use crate::support::{assert_holds, assert_sees, is_long};
use countersign_model::rotation::{Fault, Rotation, properties as must};

const STEADY: Rotation = Rotation::STEADY;
const RESTORED: Rotation = Rotation::RESTORED;

#[test]
fn a_device_follows_every_change_of_keys_whatever_is_lost() {
    assert_holds("rotation", &STEADY);
}

#[test]
fn a_device_follows_a_server_that_was_restored() {
    assert_holds("rotation and restoring", &RESTORED);
    if is_long() {
        let model = Rotation {
            two_fetches: true,
            ..RESTORED
        };
        assert_holds("rotation and restoring, two fetches", &model);
    }
}

#[test]
fn the_check_sees_a_device_that_cannot_read_its_server_any_more() {
    assert_sees(&STEADY.without(Fault::SignsWithTheNewest), must::AGREE);
}

#[test]
fn the_check_sees_a_receipt_under_a_key_that_the_device_has_dropped() {
    let model = STEADY.without(Fault::ReceiptsKeepTheirSignature);
    assert_sees(&model, must::AGREE);
}

#[test]
fn the_check_sees_an_open_statement_orphaned_by_a_replaced_key() {
    assert_sees(&STEADY.without(Fault::ReplacesAtOnce), must::CAN_ANSWER);
}

#[test]
fn the_check_sees_an_older_state_after_a_newer() {
    assert_sees(&STEADY.without(Fault::TakesAnyState), must::NEVER_BACK);
}

#[test]
fn the_check_sees_a_version_given_twice_by_a_restored_server() {
    assert_sees(&RESTORED.without(Fault::CountsDocuments), must::AGREE);
}

#[test]
fn the_check_sees_keys_lost_with_a_backup() {
    assert_sees(&RESTORED.without(Fault::LosesKeys), must::AGREE);
}

#[test]
fn the_check_sees_a_restored_server_sign_with_a_key_that_the_device_has_dropped() {
    let model = RESTORED.without(Fault::SignsForItsOwnDocument);
    assert_sees(&model, must::AGREE);
}

#[test]
fn the_check_sees_an_older_document_of_a_restored_server() {
    assert_sees(&RESTORED.without(Fault::SendsItsOlderDocument), must::AGREE);
}

#[test]
fn the_check_sees_a_device_that_ignores_a_restored_server() {
    assert_sees(&RESTORED.without(Fault::NeverTakesALowerState), must::AGREE);
}

#[test]
fn the_check_sees_a_device_revert_to_a_document_of_before_the_backup() {
    let model = Rotation {
        two_fetches: true,
        ..RESTORED
    };
    assert_sees(&model.without(Fault::TakesAnyDocument), must::NEVER_REVERTS);
}

/// Restored to before two changes of its key.
const RESTORED_FAR: Rotation = Rotation {
    keys_max: 3,
    documents_max: 5,
    ..RESTORED
};

#[test]
fn two_changes_of_keys_lost_with_one_backup_leave_the_device_to_re_activation() {
    assert_sees(&RESTORED_FAR, must::AGREE);
}

#[test]
fn a_device_that_names_a_key_with_each_request_follows_any_restored_server() {
    let model = Rotation {
        requests_name_a_key: true,
        ..RESTORED_FAR
    };
    assert_holds("rotation and restoring, keys named", &model);
}
