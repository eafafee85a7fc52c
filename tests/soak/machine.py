"""Lives made up by Hypothesis, which finds the shortest one that goes wrong."""

from itertools import count
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.flows.crashing import Bomb
from tests.flows.world import World
from tests.soak.life import COMPANIES, Life

companies = st.sampled_from(COMPANIES)
which = st.integers(0, 11)
moments = st.integers(1, 34)
"""A slice with something to do has about as many."""


class Machine(RuleBasedStateMachine):
    """One life an example."""

    world: ClassVar[World]
    bomb: ClassVar[Bomb]
    numbers: ClassVar["count[int]"] = count(1)

    def __init__(self) -> None:
        super().__init__()
        self.life = Life(self.world, self.bomb, next(self.numbers))

    @rule(company=companies, folder=st.integers(0, 5), seen=st.booleans(), all_=st.booleans())
    def arrive(self, company: str, folder: int, seen: bool, all_: bool) -> None:
        self.life.arrive(company, folder, seen=seen, everywhere=all_)

    @rule(company=companies, which=which, seen=st.booleans())
    def look(self, company: str, which: int, seen: bool) -> None:
        self.life.look(company, which, seen=seen)

    @rule(company=companies, which=which, flagged=st.booleans())
    def flag(self, company: str, which: int, flagged: bool) -> None:
        self.life.flag(company, which, flagged=flagged)

    @rule(company=companies, which=which, folder=st.integers(0, 5))
    def move(self, company: str, which: int, folder: int) -> None:
        self.life.move(company, which, folder)

    @rule(company=companies, which=which)
    def delete(self, company: str, which: int) -> None:
        self.life.delete(company, which)

    @rule(company=companies)
    def forget(self, company: str) -> None:
        self.life.forget(company)

    @rule(company=companies, which=st.integers(0, 13), times=st.integers(1, 3))
    def fail(self, company: str, which: int, times: int) -> None:
        self.life.fail(company, which, times)

    @rule()
    def tell(self) -> None:
        self.life.tell()

    @rule(company=companies, which=st.integers(0, 4), times=st.integers(1, 3))
    def garble(self, company: str, which: int, times: int) -> None:
        self.life.garble(company, which, times)

    @rule(company=companies)
    def work(self, company: str) -> None:
        self.life.work(company)

    @rule(company=companies, which=which, seen=st.booleans(), moment=moments)
    def die_over_news(self, company: str, which: int, seen: bool, moment: int) -> None:
        self.life.arrive(company, 0, seen=seen)
        self.life.look(company, which, seen=seen)
        self.life.want(company)
        self.life.die(company, moment)

    @rule(company=companies, which=which, moment=moments)
    def die_over_a_loss(self, company: str, which: int, moment: int) -> None:
        self.life.delete(company, which)
        self.life.want(company)
        self.life.die(company, moment)

    @rule(company=companies, moment=moments)
    def die(self, company: str, moment: int) -> None:
        self.life.die(company, moment)

    @rule(company=companies, moment=moments)
    def take_over(self, company: str, moment: int) -> None:
        self.life.take_over(company, moment)

    @rule(company=companies, moment=st.integers(1, 14))
    def reconnect(self, company: str, moment: int) -> None:
        self.life.reconnect(company, moment)

    @rule(company=companies)
    def audit(self, company: str) -> None:
        self.life.audit(company)

    @rule(company=companies, which=which, seen=st.booleans())
    def read(self, company: str, which: int, seen: bool) -> None:
        self.life.read(company, which, seen=seen)

    @rule(company=companies, which=which, seen=st.booleans(), moment=moments)
    def die_over_a_mark(self, company: str, which: int, seen: bool, moment: int) -> None:
        self.life.read(company, which, seen=seen)
        self.life.die(company, moment)

    @rule(company=companies)
    def want(self, company: str) -> None:
        self.life.want(company)

    @rule(company=companies, verb=st.sampled_from(["pause", "resume", "cancel", "again"]))
    def steer(self, company: str, verb: str) -> None:
        self.life.steer(company, verb)

    @rule(minutes=st.sampled_from([1, 6, 61]))
    def wait(self, minutes: int) -> None:
        self.life.wait(minutes)

    def teardown(self) -> None:
        self.life.settle()
        self.life.check()
        self.life.prove()
