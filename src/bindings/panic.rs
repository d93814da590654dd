//! A panic stops the instance for good; before it does, JavaScript is told what happened.

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::JsValue;

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
