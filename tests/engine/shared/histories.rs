//! Whatever tabs and browsers do, in whatever order: what this room promises holds. A seed that fails is played again
//! alone, with every command and effect printed, by `JOBGATE_SEED=… JOBGATE_TRACE=1`; `JOBGATE_HISTORIES` says how many.

use super::simulator::{Chance, Death, Plan, World};

/// Names the seed when its history has failed.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the seed was {}", self.0);
        }
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn seeds(share: u64) -> std::ops::Range<u64> {
    match number("JOBGATE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..u64::from(crate::cases::histories()) / share,
    }
}

fn play(seed: u64, plan: Plan) -> World {
    let _named = Named(seed);
    let mut world = World::new(seed, plan);
    world.play();
    world
}

/// Each fault in some histories, none in some.
fn any_plan(seed: u64) -> Plan {
    let mut chance = Chance::new(!seed);
    Plan {
        slots: 1 + chance.below(3) as u32,
        fates: 10 + chance.below(60),
        crashes: chance.percent(50),
        hangs: chance.percent(50),
        wrong_clocks: chance.percent(30),
        full_disks: chance.percent(30),
        lost_hints: [0, 30, 100][chance.below(3) as usize],
        death: None,
    }
}

#[test]
fn what_is_promised_holds_in_every_history() {
    let handed_over: u64 = seeds(1).map(|seed| play(seed, any_plan(seed)).store.handed_over).sum();
    assert!(handed_over > 0 || number("JOBGATE_SEED").is_some(), "no page that went had anything to hand over");
}

#[test]
fn a_tab_may_die_before_or_after_any_of_its_writes() {
    let seeds = seeds(400);
    for seed in seeds {
        let plan = Plan { crashes: false, hangs: false, full_disks: false, fates: 25, ..any_plan(seed) };
        let writes = play(seed, plan).writes;
        assert!(writes > 0);
        for write in 1..=writes {
            for death in [Death::Before, Death::After] {
                play(seed, Plan { death: Some((write, death)), ..plan });
            }
        }
    }
}
