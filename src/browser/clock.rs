//! Time and chance, as pages, workers of every kind and Node have them.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Milliseconds since the page or worker began; never runs backwards.
    #[wasm_bindgen(js_namespace = performance)]
    pub(crate) fn now() -> f64;

    /// Evenly from 0..1.
    #[wasm_bindgen(js_namespace = Math)]
    pub(crate) fn random() -> f64;
}
