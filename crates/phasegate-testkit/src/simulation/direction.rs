//! Who arranges the world while a rollout goes on: numbers that fit the phase, people who answer, a fault at its time.

use phasegate_core::{Clock as _, Timestamp};
use phasegate_driver::Driver;
use phasegate_engine::{Act, Person, State};

use super::run::Simulation;
use crate::world::World;

/// Arranges the world as the rollout goes on.
pub trait Director: std::fmt::Debug {
    /// Called before each thing that the driver asks for. What it gives back is done by these people at once.
    ///
    /// It is called very often: whoever changes little does so only when [`State::next_seq`] has moved.
    fn arrange(&mut self, now: Timestamp, state: &State, world: &mut World) -> Vec<(Person, Act)>;
}

impl Simulation {
    /// From now on this one arranges the world.
    pub fn set_director(&mut self, director: Box<dyn Director>) {
        self.director = Some(director);
    }

    pub(super) fn direct(&mut self) {
        let now = self.clock.now().wall;
        let Some(state) = self.driver.as_ref().map(Driver::state) else {
            return;
        };
        if let Some(director) = &mut self.director {
            let acts = director.arrange(now, state, &mut self.world);
            let acts = acts.into_iter().map(|(person, act)| (now, person, act));
            self.acts.extend(acts);
        }
    }
}
