//! A panic stops the instance for good; before it does, JavaScript is told what happened.

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::JsValue;
#[cfg(feature = "test-panic")]
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static ON_PANIC: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// `on_panic` is called with the message, from inside the panic: it must not call into wasm.
pub(super) fn report_to(on_panic: Function) {
    ON_PANIC.with(|slot| slot.replace(Some(on_panic)));
    std::panic::set_hook(Box::new(|info| {
        ON_PANIC.with(|slot| {
            if let Ok(on_panic) = slot.try_borrow()
                && let Some(on_panic) = on_panic.as_ref()
            {
                // Whether JavaScript liked the message changes nothing for a dying instance.
                drop(on_panic.call1(&JsValue::UNDEFINED, &JsValue::from(info.to_string())));
            }
        });
    }));
}

/// Breaks the binary, to see that nothing hangs then.
#[cfg(feature = "test-panic")]
#[allow(clippy::panic, unreachable_pub)]
#[wasm_bindgen(js_name = __panic)]
pub fn provoke_panic() {
    std::panic::panic_any("provoked by a test".to_owned());
}
