//! What is on its way between phones and the server: each packet is delivered, lost, repeated or held back as a test says.

use countersign_protocol::kind::Kind;
use countersign_verifier::reply::Reply as Said;
use countersign_verifier::step::Parked;

use crate::approval::{Errand, Outgoing, Reply};

/// One packet.
#[derive(Clone, Debug)]
pub(super) enum Packet {
    /// To the server.
    Request(Request),
    /// A fetch that the server holds.
    Parked(Request, Parked),
    /// Back to the phone.
    Response(Response),
}

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) phone: usize,
    pub(super) kind: Kind,
    pub(super) errand: Errand,
    pub(super) body: String,
}

#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) phone: usize,
    pub(super) errand: Errand,
    pub(super) status: u16,
    pub(super) retry_after_s: Option<u64>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn new(phone: usize, outgoing: Outgoing) -> Self {
        Self {
            phone,
            kind: kind_at(&outgoing.url),
            errand: outgoing.errand,
            body: outgoing.body,
        }
    }

    /// What comes back over HTTP.
    pub(super) fn answered(self, said: Said) -> Packet {
        let (status, retry_after_s, body) = match said {
            Said::Parked(parked) => return Packet::Parked(self, parked),
            Said::Account(message) => (201, None, message.as_str().to_owned()),
            Said::State(message) | Said::Receipt(message) => {
                (200, None, message.as_str().to_owned())
            }
            Said::Refused(refusal) => (
                refusal.problem.name_and_status().1,
                refusal.retry_after_s,
                String::from_utf8(refusal.problem.to_document().format().unwrap()).unwrap(),
            ),
        };
        Packet::Response(Response {
            phone: self.phone,
            errand: self.errand,
            status,
            retry_after_s,
            body: body.into_bytes(),
        })
    }
}

impl Response {
    pub(super) fn reply(&self) -> Reply {
        Reply::Answered {
            status: self.status,
            retry_after_s: self.retry_after_s,
            body: self.body.clone(),
        }
    }
}

fn kind_at(url: &str) -> Kind {
    match url.rsplit('/').next().unwrap() {
        "enrolments" => Kind::Enrol,
        "fetch" => Kind::Fetch,
        "answers" => Kind::Answer,
        "delivery" => Kind::Delivery,
        "moves" => Kind::Move,
        "leave" => Kind::Leave,
        other => panic!("no such path: {other}"),
    }
}

/// All packets, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Network(Vec<Packet>);

impl Network {
    pub(super) fn send(&mut self, packet: Packet) {
        self.0.push(packet);
    }

    fn index(&self, nth: usize) -> Option<usize> {
        nth.checked_rem(self.0.len())
    }

    /// Takes one out, whichever it is.
    pub(super) fn pick(&mut self, nth: usize) -> Option<Packet> {
        let index = self.index(nth)?;
        Some(self.0.remove(index))
    }

    pub(super) fn repeat(&mut self, nth: usize) {
        if let Some(index) = self.index(nth) {
            self.0.push(self.0[index].clone());
        }
    }

    /// What comes back to one request is brought as the answer to another.
    pub(super) fn cross(&mut self, nth: usize, with: usize) {
        let (Some(from), Some(to)) = (self.index(nth), self.index(with)) else {
            return;
        };
        let Packet::Response(brought) = self.0[from].clone() else {
            return;
        };
        let (phone, errand) = match &self.0[to] {
            Packet::Request(request) | Packet::Parked(request, _) => {
                (request.phone, request.errand.clone())
            }
            Packet::Response(response) => (response.phone, response.errand.clone()),
        };
        self.0.push(Packet::Response(Response {
            phone,
            errand,
            ..brought
        }));
    }

    /// Takes out what the server holds of one phone.
    pub(super) fn parked_of(&mut self, phone: usize) -> Vec<(Request, Parked)> {
        let mut of_phone = vec![];
        self.0.retain(|packet| match packet {
            Packet::Parked(request, parked) if request.phone == phone => {
                of_phone.push((request.clone(), parked.clone()));
                false
            }
            _ => true,
        });
        of_phone
    }

    /// The server is gone, and with it what it held.
    pub(super) fn drop_parked(&mut self) {
        self.0
            .retain(|packet| !matches!(packet, Packet::Parked(..)));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
