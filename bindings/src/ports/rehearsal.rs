//! How a pure step of core, which asks its keys at once, meets a shell's keys, which may take minutes: it is run again with
//! each answer until it asks nothing new.

use std::cell::RefCell;
use std::sync::Mutex;
use std::sync::PoisonError;

use countersign_core::approval::ApprovalError;
use countersign_core::device::{self, KeyAlias, KeyError, MadeKey};
use countersign_core::entropy::{Entropy, EntropyError, SystemEntropy};
use zeroize::Zeroizing;

use super::device_keys::{DeviceKeyError, DeviceKeys, KeyRequest};
use crate::errors::{CountersignError, Port};

/// What a step asks of the keys.
#[derive(Clone, Eq, PartialEq)]
enum Question {
    Create(KeyAlias, device::KeyRequest),
    Exists(KeyAlias),
    Sign(KeyAlias, Vec<u8>),
    Delete(KeyAlias),
}

/// What they say.
#[derive(Clone)]
enum Said {
    Made(MadeKey),
    Exists(bool),
    Signed(Vec<u8>),
    Deleted,
}

type Answer = Result<Said, KeyError>;

impl Question {
    async fn put_to(&self, keys: &dyn DeviceKeys) -> Result<Said, DeviceKeyError> {
        match self {
            Self::Create(alias, request) => {
                let request = KeyRequest {
                    algorithm: request.algorithm,
                    presence: request.presence,
                    challenge: request.challenge.to_vec(),
                };
                let made = keys.create(alias.as_str().to_owned(), request).await?;
                Ok(Said::Made(made))
            }
            Self::Exists(alias) => {
                let exists = keys.exists(alias.as_str().to_owned()).await?;
                Ok(Said::Exists(exists))
            }
            Self::Sign(alias, message) => {
                let signature = keys.sign(alias.as_str().to_owned(), message.clone());
                Ok(Said::Signed(signature.await?))
            }
            Self::Delete(alias) => {
                keys.delete(alias.as_str().to_owned()).await?;
                Ok(Said::Deleted)
            }
        }
    }
}

/// So often may a step ask something else than it asked before, as where what it reads was changed meanwhile.
const CHANGES_MAX: u32 = 4;

/// One run: gives the answers there are, in their order, and notes the first question that has none.
struct Run<'a> {
    answers: &'a [(Question, Answer)],
    place: RefCell<(usize, Option<Question>)>,
}

impl Run<'_> {
    fn ask(&self, question: Question) -> Answer {
        let mut place = self.place.borrow_mut();
        let (next, open) = &mut *place;
        match self.answers.get(*next) {
            Some((asked, answer)) if *asked == question => {
                *next += 1;
                answer.clone()
            }
            // No answer is given for another question.
            _ => {
                open.get_or_insert(question);
                Err(KeyError::NotAvailable)
            }
        }
    }
}

impl device::DeviceKeys for Run<'_> {
    fn create(&self, alias: &KeyAlias, request: &device::KeyRequest) -> Result<MadeKey, KeyError> {
        match self.ask(Question::Create(alias.clone(), request.clone()))? {
            Said::Made(made) => Ok(made),
            _ => Err(KeyError::Failed),
        }
    }

    fn exists(&self, alias: &KeyAlias) -> Result<bool, KeyError> {
        match self.ask(Question::Exists(alias.clone()))? {
            Said::Exists(exists) => Ok(exists),
            _ => Err(KeyError::Failed),
        }
    }

    fn sign(&self, alias: &KeyAlias, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match self.ask(Question::Sign(alias.clone(), message.to_vec()))? {
            Said::Signed(signature) => Ok(signature),
            _ => Err(KeyError::Failed),
        }
    }

    fn delete(&self, alias: &KeyAlias) -> Result<(), KeyError> {
        match self.ask(Question::Delete(alias.clone()))? {
            Said::Deleted => Ok(()),
            _ => Err(KeyError::Failed),
        }
    }
}

/// Randomness that is drawn once and given again at each run.
#[derive(Default)]
pub(crate) struct Tape {
    drawn: Mutex<(Zeroizing<Vec<u8>>, usize)>,
}

impl Tape {
    fn rewind(&self) {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.1 = 0;
    }
}

impl Entropy for Tape {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let (bytes, place) = &mut *drawn;
        let end = place.saturating_add(buffer.len());
        if let Some(missing) = end.checked_sub(bytes.len()).filter(|missing| *missing > 0) {
            let mut fresh = Zeroizing::new(vec![0; missing]);
            SystemEntropy::new().fill(&mut fresh)?;
            bytes.extend_from_slice(&fresh);
        }
        let taken = bytes.get(*place..end).ok_or(EntropyError)?;
        buffer.copy_from_slice(taken);
        *place = end;
        Ok(())
    }
}

/// Whether the port failed on the way in a way that it does not name.
#[derive(Clone, Copy)]
pub(crate) struct PortFailure {
    is_unexpected: bool,
}

impl PortFailure {
    /// The error that a shell gets once core knows what core has to know.
    pub(crate) fn named(self, error: CountersignError) -> CountersignError {
        match error {
            CountersignError::Key { .. } if self.is_unexpected => CountersignError::PortFailed {
                port: Port::DeviceKeys,
            },
            error => error,
        }
    }
}

/// What a step came to.
pub(crate) struct Rehearsed<T> {
    pub(crate) result: Result<T, ApprovalError>,
    pub(crate) failure: PortFailure,
}

/// Runs a step until it asks nothing new. Where no keys were lent, it is told that there is no key store.
pub(crate) async fn rehearse<T: Send>(
    keys: Option<&dyn DeviceKeys>,
    step: impl Fn(&dyn device::DeviceKeys, &dyn Entropy) -> Result<T, ApprovalError> + Send,
) -> Rehearsed<T> {
    let tape = Tape::default();
    let mut answers: Vec<(Question, Answer)> = vec![];
    let mut is_unexpected = false;
    let mut changes = 0;
    loop {
        let (result, (answered, open)) = {
            let run = Run {
                answers: &answers,
                place: RefCell::default(),
            };
            tape.rewind();
            let result = step(&run, &tape);
            (result, run.place.into_inner())
        };
        if answered < answers.len() {
            changes += 1;
            answers.truncate(answered);
        }
        let question = open.filter(|_| changes <= CHANGES_MAX);
        let (Some(question), Some(keys)) = (question, keys) else {
            let failure = PortFailure { is_unexpected };
            return Rehearsed { result, failure };
        };
        // What was made with answers that are not all there is dropped before the person is asked.
        drop(result);
        let answer = question.put_to(keys).await.map_err(|error| {
            is_unexpected |= error == DeviceKeyError::Unexpected;
            KeyError::from(error)
        });
        answers.push((question, answer));
    }
}

#[cfg(test)]
mod tests;
