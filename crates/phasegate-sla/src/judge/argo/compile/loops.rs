//! The functions of the language: most are one step, those with a predicate are loops.

use super::super::ast::{Builtin, Node, Operator};
use super::super::item::Item;
use super::super::signature;
use super::Step;
use super::tree::{Compiled, Compiler, Parent};

impl<'a> Compiler<'a> {
    pub(super) fn builtin(&mut self, call: &'a Builtin) -> Compiled {
        if signature::predicate_arguments(&call.name).is_none() {
            self.each(&call.arguments)?;
            let count = call.arguments.len();
            self.emit(Step::Builtin(call.name.clone(), count));
            return Ok(());
        }
        let mut arguments = call.arguments.iter();
        if let Some(list) = arguments.next() {
            self.node(list, Parent::Other)?;
        }
        self.emit(Step::Begin);
        let (predicate, initial) = (arguments.next(), arguments.next());
        match call.name.as_str() {
            "all" => self.decided(predicate, Step::JumpIfFalse, false, true)?,
            "any" => self.decided(predicate, Step::JumpIfTrue, false, false)?,
            "none" => self.decided(predicate, Step::JumpIfFalse, true, true)?,
            "count" => self.counting(call, predicate)?,
            "filter" => self.filtered(call, predicate)?,
            "map" => {
                self.forwards(|compiler| compiler.test(predicate))?;
                self.emit(Step::GetLength);
                self.emit(Step::End);
                self.emit(Step::Array);
                return Ok(());
            }
            "one" => {
                self.forwards(|compiler| {
                    compiler.test(predicate)?;
                    compiler.if_true(|compiler| {
                        compiler.emit(Step::IncrementCount);
                        Ok(())
                    })
                })?;
                self.emit(Step::GetCount);
                self.count(1);
                self.emit(Step::Binary(Operator::Equal));
            }
            "reduce" => self.reduced(predicate, initial)?,
            "sum" => {
                self.count(0);
                self.emit(Step::SetAccumulator);
                self.forwards(|compiler| {
                    compiler.test(predicate)?;
                    compiler.emit(Step::GetAccumulator);
                    compiler.emit(Step::Binary(Operator::Add));
                    compiler.emit(Step::SetAccumulator);
                    Ok(())
                })?;
                self.emit(Step::GetAccumulator);
            }
            _ => self.found(call, predicate)?,
        }
        if call.name == "filter" {
            self.emit(Step::End);
            self.emit(Step::Array);
        } else {
            self.emit(Step::End);
        }
        Ok(())
    }

    /// The predicate; without one, the element itself.
    fn test(&mut self, predicate: Option<&'a Node>) -> Compiled {
        match predicate {
            Some(predicate) => self.node(predicate, Parent::Other),
            None => {
                self.emit(Step::Pointer);
                Ok(())
            }
        }
    }

    /// From the first element to the last.
    fn forwards(&mut self, body: impl FnOnce(&mut Self) -> Compiled) -> Compiled {
        let begin = self.steps.len();
        let end = self.jump(Step::JumpIfEnd);
        body(self)?;
        self.emit(Step::IncrementIndex);
        self.emit(Step::Jump(begin));
        self.land(end);
        Ok(())
    }

    /// From the last element to the first. The outcome of the last comparison stays on the stack, as in expr,
    /// and whoever takes several values from there takes it for one of them.
    fn backwards(&mut self, body: impl FnOnce(&mut Self) -> Compiled) -> Compiled {
        self.emit(Step::GetLength);
        self.count(1);
        self.emit(Step::Binary(Operator::Subtract));
        self.emit(Step::SetIndex);
        let begin = self.steps.len();
        self.emit(Step::GetIndex);
        self.count(0);
        self.emit(Step::Binary(Operator::GreaterOrEqual));
        let end = self.jump(Step::JumpIfFalse);
        body(self)?;
        self.emit(Step::DecrementIndex);
        self.emit(Step::Jump(begin));
        self.land(end);
        Ok(())
    }

    fn if_true(&mut self, body: impl FnOnce(&mut Self) -> Compiled) -> Compiled {
        let skip = self.jump(Step::JumpIfFalse);
        self.emit(Step::Pop);
        body(self)?;
        let end = self.jump(Step::Jump);
        self.land(skip);
        self.emit(Step::Pop);
        self.land(end);
        Ok(())
    }

    /// `all`, `any`, `none`: the first element that decides ends the loop.
    fn decided(
        &mut self,
        predicate: Option<&'a Node>,
        decides: fn(usize) -> Step,
        negated: bool,
        otherwise: bool,
    ) -> Compiled {
        let mut decided = 0;
        self.forwards(|compiler| {
            compiler.test(predicate)?;
            if negated {
                compiler.emit(Step::Not);
            }
            decided = compiler.jump(decides);
            compiler.emit(Step::Pop);
            Ok(())
        })?;
        self.push(Item::Bool(otherwise));
        self.land(decided);
        Ok(())
    }

    fn filtered(&mut self, call: &'a Builtin, predicate: Option<&'a Node>) -> Compiled {
        self.forwards(|compiler| {
            compiler.test(predicate)?;
            compiler.if_true(|compiler| {
                compiler.emit(Step::IncrementCount);
                compiler.test(call.map.as_deref())
            })
        })?;
        self.emit(Step::GetCount);
        Ok(())
    }

    fn counting(&mut self, call: &'a Builtin, predicate: Option<&'a Node>) -> Compiled {
        let mut thresholds = self.thresholds.iter().rev();
        let enough = thresholds.find(|(place, _)| place.0 == call.place.0);
        let enough = enough.map(|(_, enough)| *enough);
        let mut early = None;
        self.forwards(|compiler| {
            compiler.test(predicate)?;
            compiler.if_true(|compiler| {
                compiler.emit(Step::IncrementCount);
                if let Some(enough) = enough {
                    compiler.emit(Step::GetCount);
                    compiler.push(Item::Integer(enough));
                    compiler.emit(Step::Binary(Operator::GreaterOrEqual));
                    early = Some(compiler.jump(Step::JumpIfTrue));
                    compiler.emit(Step::Pop);
                }
                Ok(())
            })
        })?;
        self.emit(Step::GetCount);
        if let Some(early) = early {
            let end = self.jump(Step::Jump);
            self.land(early);
            self.emit(Step::Pop);
            self.emit(Step::GetCount);
            self.land(end);
        }
        Ok(())
    }

    fn found(&mut self, call: &'a Builtin, predicate: Option<&'a Node>) -> Compiled {
        let mut found = 0;
        let wants_index = call.name.ends_with("Index");
        let body = |compiler: &mut Self| {
            compiler.test(predicate)?;
            let next = compiler.jump(Step::JumpIfFalse);
            compiler.emit(Step::Pop);
            if wants_index {
                compiler.emit(Step::GetIndex);
            } else {
                compiler.test(call.map.as_deref())?;
            }
            found = compiler.jump(Step::Jump);
            compiler.land(next);
            compiler.emit(Step::Pop);
            Ok(())
        };
        if call.name.starts_with("findLast") {
            self.backwards(body)?;
        } else {
            self.forwards(body)?;
        }
        if call.throws {
            self.emit(Step::Throw("nothing was found"));
        } else {
            self.push(Item::Nil);
        }
        self.land(found);
        Ok(())
    }

    fn reduced(&mut self, predicate: Option<&'a Node>, initial: Option<&'a Node>) -> Compiled {
        if let Some(initial) = initial {
            self.node(initial, Parent::Other)?;
            self.emit(Step::SetAccumulator);
        } else {
            let empty = self.jump(Step::JumpIfEnd);
            self.emit(Step::Pointer);
            self.emit(Step::IncrementIndex);
            self.emit(Step::SetAccumulator);
            let past = self.jump(Step::Jump);
            self.land(empty);
            self.emit(Step::Throw("nothing to reduce"));
            self.land(past);
        }
        self.forwards(|compiler| {
            compiler.test(predicate)?;
            compiler.emit(Step::SetAccumulator);
            Ok(())
        })?;
        self.emit(Step::GetAccumulator);
        Ok(())
    }
}
