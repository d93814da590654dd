//! Time that passes only when the test says so.

use wasm_bindgen::prelude::*;

use super::turn;

const FAKE: &str = "
    globalThis.removeFakeClock?.();
    const real = { now: performance.now, setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
    // A whole number, so that no sum of whole numbers is rounded.
    const start = Math.ceil(performance.now());
    let now = start, serial = 0, armed = 0;
    const timers = new Map();
    performance.now = () => now;
    // WebKit's driver has a timer of its own in the page for each look at it.
    const isOurs = () => new Error().stack.includes('wasm-function');
    globalThis.setTimeout = (callback, delay) => {
        if (!isOurs()) return real.setTimeout.call(globalThis, callback, delay);
        armed += 1;
        // A browser's own are positive.
        serial -= 1;
        // As browsers do: what does not fit in 31 bits counts for none.
        timers.set(serial, { callback, at: now + Math.max(0, delay | 0) });
        return serial;
    };
    globalThis.clearTimeout = (timer) => {
        if (!timers.delete(timer)) real.clearTimeout.call(globalThis, timer);
    };
    const earliest = () => [...timers].sort((a, b) => a[1].at - b[1].at || b[0] - a[0])[0];
    const restore = () => {
        performance.now = real.now;
        globalThis.setTimeout = real.setTimeout;
        globalThis.clearTimeout = real.clearTimeout;
    };
    globalThis.removeFakeClock = restore;
    return {
        elapsed: () => now - start,
        armed: () => armed,
        waiting: () => timers.size,
        pass(millis) { now += millis; },
        fireNext(until) {
            const next = earliest();
            if (next === undefined || next[1].at > start + until) { now = start + until; return false; }
            timers.delete(next[0]);
            now = Math.max(now, next[1].at);
            next[1].callback();
            return true;
        },
        restore,
    };
";

#[wasm_bindgen]
extern "C" {
    type JsClock;
    #[wasm_bindgen(method)]
    fn elapsed(this: &JsClock) -> f64;
    #[wasm_bindgen(method)]
    fn armed(this: &JsClock) -> u32;
    #[wasm_bindgen(method)]
    fn waiting(this: &JsClock) -> u32;
    #[wasm_bindgen(method, js_name = fireNext)]
    fn fire_next(this: &JsClock, until: f64) -> bool;
    #[wasm_bindgen(method)]
    fn pass(this: &JsClock, millis: f64);
    #[wasm_bindgen(method)]
    fn restore(this: &JsClock);
}

/// In place of `performance.now` and `setTimeout` until it is dropped.
pub(crate) struct FakeClock {
    clock: JsClock,
}

impl FakeClock {
    pub(crate) fn install() -> Self {
        let clock = js_sys::Function::new_no_args(FAKE).call0(&JsValue::NULL).unwrap();
        Self { clock: clock.unchecked_into() }
    }

    /// For tests on the real clock: a test that fails is not unwound, and leaves its fake one behind.
    pub(crate) fn remove_leftover() {
        drop(Self::install());
    }

    /// Milliseconds since it was installed.
    pub(crate) fn elapsed(&self) -> f64 {
        self.clock.elapsed()
    }

    /// How many timers were ever set.
    pub(crate) fn armed(&self) -> u32 {
        self.clock.armed()
    }

    /// How many timers are set now.
    pub(crate) fn waiting(&self) -> u32 {
        self.clock.waiting()
    }

    /// Lets `millis` pass within the present turn; no timer fires.
    pub(crate) fn pass(&self, millis: f64) {
        self.clock.pass(millis);
    }

    /// Lets `millis` pass, timer by timer, with a turn of the event loop after each.
    pub(crate) async fn advance(&self, millis: f64) {
        turn().await;
        let until = self.elapsed() + millis;
        let most = self.armed() + 10_000;
        while self.clock.fire_next(until) {
            assert!(self.armed() < most, "a timer is set again and again and time does not pass");
            turn().await;
        }
    }
}

impl Drop for FakeClock {
    fn drop(&mut self) {
        self.clock.restore();
    }
}
