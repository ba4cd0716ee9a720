//! Parts of a work account's record: the move that it is in, and the step of it that is to be sent.

use countersign_protocol::digits::Digits;
use countersign_protocol::hash::Id;
use countersign_protocol::message::Moving;
use zeroize::Zeroizing;

use super::entry::Step;
use super::stored_parts::Part;
use crate::encoding::tlv::{Malformed, Writer, text_of, u8_of};

pub(super) fn encode_moving(moving: &Moving) -> Zeroizing<Vec<u8>> {
    let mut body = Writer::new();
    body.put(5, moving.id().bytes());
    match moving {
        Moving::Invited {
            id: _,
            invitation,
            device,
            left,
            until,
        } => {
            body.put(6, &[*left]);
            body.put_text(1, invitation);
            body.put_text(2, device.as_deref().unwrap_or_default());
            body.put_u64(3, until.unix_s());
        }
        Moving::Testing {
            id: _,
            number,
            device,
            until,
        } => {
            body.put_text(4, number.as_str());
            body.put_text(2, device);
            body.put_u64(3, until.unix_s());
        }
    }
    body.finish_unpadded()
}

pub(super) fn moving(body: &[u8]) -> Result<Moving, Malformed> {
    let part = Part::read(body)?;
    let until = part.time(3)?.ok_or(Malformed)?;
    let device = part.text(2)?.to_owned();
    let id = Id::from_bytes(part.exact(5)?);
    match (part.find(1), part.find(4)) {
        (Some(invitation), None) => Ok(Moving::Invited {
            id,
            left: u8_of(part.get(6)?)?,
            invitation: Zeroizing::new(text_of(invitation)?.to_owned()),
            device: (!device.is_empty()).then_some(device),
            until,
        }),
        (None, Some(number)) => {
            let count = u8::try_from(number.len()).map_err(|_| Malformed)?;
            Ok(Moving::Testing {
                id,
                number: Digits::parse(text_of(number)?, count).map_err(|_| Malformed)?,
                device,
                until,
            })
        }
        _ => Err(Malformed),
    }
}

pub(super) fn encode_step(step: &Step) -> Zeroizing<Vec<u8>> {
    let mut body = Writer::new();
    match step {
        Step::Start => {}
        Step::Abort(id) => body.put(1, id.bytes()),
        Step::Confirm(id, check) => {
            body.put(1, id.bytes());
            body.put_text(2, check);
        }
    }
    body.finish_unpadded()
}

pub(super) fn step(body: &[u8]) -> Result<Step, Malformed> {
    let part = Part::read(body)?;
    let id = |id: &[u8]| Ok(Id::from_bytes(id.try_into().map_err(|_| Malformed)?));
    match (part.find(1), part.find(2)) {
        (None, None) => Ok(Step::Start),
        (Some(move_id), None) => Ok(Step::Abort(id(move_id)?)),
        (Some(move_id), Some(check)) => {
            let check = Zeroizing::new(text_of(check)?.to_owned());
            Ok(Step::Confirm(id(move_id)?, check))
        }
        (None, Some(_)) => Err(Malformed),
    }
}
