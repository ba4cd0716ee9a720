//! Checks every reachable state of a model: what must never be, and what must stay possible.
//!
//! What must never be is stateright's: its own search, with a way to a broken state. What must stay possible
//! is ours, because a checker that only looks for states without a successor sees no two ends that ask each other for
//! ever: the whole graph is walked backwards from what is to be reached, and a state from which it cannot be reached any
//! more is stuck. Both searches have to find the same number of states.

use std::collections::{BTreeSet, HashMap};
use std::fmt::{self, Debug};
use std::hash::Hash;

use stateright::{Checker, Expectation, HasDiscoveries, Model};

/// What must stay possible: from every state of one kind a state of another can be reached.
pub struct Goal<M: Model> {
    /// What it says.
    pub name: &'static str,
    /// The states that must reach one.
    pub from: fn(&M, &M::State) -> bool,
    /// What they must reach.
    pub to: fn(&M, &M::State) -> bool,
}

/// Both ends of a part of the protocol, their network and their people.
pub trait Ends:
    Model<State: Clone + Debug + Eq + Hash + Send + Sync, Action: Copy + Debug + PartialEq>
    + Clone
    + Send
    + Sync
    + 'static
{
    /// What must stay possible.
    fn goals(&self) -> Vec<Goal<Self>>;
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Explored {
    /// Different states.
    pub states: usize,
    /// Steps between them.
    pub steps: usize,
}

/// A way to a state that breaks a property, or from which a goal cannot be reached.
#[derive(Debug)]
pub struct Counterexample {
    /// The property or goal.
    pub property: &'static str,
    /// The steps from the beginning.
    pub steps: Vec<String>,
    /// Where they lead.
    pub end: String,
}

impl Counterexample {
    fn never(property: &'static str) -> Self {
        Self {
            property,
            steps: Vec::new(),
            end: "no state".to_owned(),
        }
    }
}

impl fmt::Display for Counterexample {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}, but:", self.property)?;
        for step in &self.steps {
            writeln!(formatter, "  {step}")?;
        }
        write!(formatter, "  = {}", self.end)
    }
}

/// Checks every property and every goal.
///
/// # Errors
///
/// The first that does not hold: an `always` that is broken, a `sometimes` that never is, a goal that cannot be reached
/// from some state of its kind.
///
/// # Panics
///
/// When the two searches differ: the model then has a step that depends on more than its state. When a goal speaks of no
/// state that there is.
pub fn explore<M: Ends>(model: &M) -> Result<Explored, Counterexample> {
    let properties = model.properties();
    let checker = model
        .clone()
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    for property in &properties {
        let found = discovered(&checker, property.name);
        match (&property.expectation, found) {
            (Expectation::Sometimes, None) => return Err(Counterexample::never(property.name)),
            (Expectation::Sometimes, Some(_)) | (_, None) => {}
            (_, Some(broken)) => return Err(broken),
        }
    }
    let graph = Graph::of(model);
    assert_eq!(
        checker.unique_state_count(),
        graph.states.len(),
        "two searches of one model"
    );
    match model
        .goals()
        .iter()
        .find_map(|goal| graph.stuck(model, goal))
    {
        Some(stuck) => Err(stuck),
        None => Ok(Explored {
            states: graph.states.len(),
            steps: graph.steps.len(),
        }),
    }
}

/// Looks for a state that breaks this one property or is stuck short of this one goal.
///
/// # Panics
///
/// When the model has no property or goal of that name, or the goal speaks of no state.
pub fn break_of<M: Ends>(model: &M, name: &'static str) -> Option<Counterexample> {
    if let Some(goal) = model.goals().iter().find(|goal| goal.name == name) {
        return Graph::of(model).stuck(model, goal);
    }
    let properties = model.properties();
    assert!(
        properties.iter().any(|property| property.name == name),
        "no property is called so: {name}"
    );
    let checker = model
        .clone()
        .checker()
        .finish_when(HasDiscoveries::AnyOf(BTreeSet::from([name])))
        .spawn_bfs()
        .join();
    discovered(&checker, name)
}

fn discovered<M: Ends>(checker: &impl Checker<M>, name: &'static str) -> Option<Counterexample> {
    let path = checker.discovery(name)?;
    let end = format!("{:?}", path.last_state());
    let actions = path.into_actions();
    Some(Counterexample {
        property: name,
        steps: actions.iter().map(|action| format!("{action:?}")).collect(),
        end,
    })
}

/// Every reachable state, in the order in which it is first met, and every step.
struct Graph<M: Model> {
    states: Vec<M::State>,
    /// From which state and by which step each was first met.
    met_by: Vec<Option<(usize, M::Action)>>,
    steps: Vec<(usize, usize)>,
}

impl<M: Ends> Graph<M> {
    fn of(model: &M) -> Self {
        let mut numbers: HashMap<M::State, usize> = HashMap::new();
        let mut graph = Self {
            states: Vec::new(),
            met_by: Vec::new(),
            steps: Vec::new(),
        };
        for state in model.init_states() {
            numbers.insert(state.clone(), graph.states.len());
            graph.states.push(state);
            graph.met_by.push(None);
        }
        let mut actions = Vec::new();
        let mut from = 0;
        while let Some(state) = graph.states.get(from).cloned() {
            actions.clear();
            model.actions(&state, &mut actions);
            for action in &actions {
                let Some(next) = model.next_state(&state, *action) else {
                    continue;
                };
                let met = graph.states.len();
                let to = *numbers.entry(next.clone()).or_insert(met);
                if to == met {
                    graph.states.push(next);
                    graph.met_by.push(Some((from, *action)));
                }
                graph.steps.push((from, to));
            }
            from += 1;
        }
        // By where they lead, which is the way they are walked.
        graph.steps.sort_unstable_by_key(|(_, to)| *to);
        graph
    }

    /// The first state of the goal's kind from which the goal cannot be reached.
    fn stuck(&self, model: &M, goal: &Goal<M>) -> Option<Counterexample> {
        let mut reaches: Vec<bool> = self
            .states
            .iter()
            .map(|state| (goal.to)(model, state))
            .collect();
        let mut waiting: Vec<usize> = (0..self.states.len())
            .filter(|number| reaches.get(*number) == Some(&true))
            .collect();
        assert!(
            self.states.iter().any(|state| (goal.from)(model, state)),
            "a goal speaks of some state: {}",
            goal.name
        );
        while let Some(to) = waiting.pop() {
            let first = self.steps.partition_point(|step| step.1 < to);
            let before = self.steps.iter().skip(first);
            for (from, _) in before.take_while(|step| step.1 == to) {
                if let Some(reached) = reaches.get_mut(*from).filter(|reached| !**reached) {
                    *reached = true;
                    waiting.push(*from);
                }
            }
        }
        let (number, state) = self.states.iter().enumerate().find(|(number, state)| {
            reaches.get(*number) == Some(&false) && (goal.from)(model, state)
        })?;
        Some(Counterexample {
            property: goal.name,
            steps: self.way_to(number),
            end: format!("{state:?}"),
        })
    }

    fn way_to(&self, mut number: usize) -> Vec<String> {
        let mut steps = Vec::new();
        while let Some(Some((from, action))) = self.met_by.get(number) {
            steps.push(format!("{action:?}"));
            number = *from;
        }
        steps.reverse();
        steps
    }
}
