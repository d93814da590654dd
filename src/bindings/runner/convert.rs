//! JavaScript values as the plain data that the rules look at, and back.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::engine::runner::{Fault, Value};

/// Reads a value that the facade has copied (`inert.ts`): it is bounded, and nothing in it throws when looked at.
pub(super) fn read(value: &JsValue) -> Value {
    if let Some(number) = value.as_f64() {
        return Value::Number(number);
    }
    if let Some(text) = value.as_string() {
        return Value::Text(text);
    }
    if let Some(truth) = value.as_bool() {
        return Value::Bool(truth);
    }
    if value.is_null() {
        return Value::Null;
    }
    if let Some(items) = value.dyn_ref::<Array>() {
        return Value::List(items.iter().map(|item| read(&item)).collect());
    }
    if is_plain(value) {
        return fields(value);
    }
    if let Some(length) = value.is_object().then(|| length(value)).flatten() {
        return Value::Long(length);
    }
    Value::Other(if value.is_undefined() {
        "undefined"
    } else if value.is_function() {
        "a function"
    } else if value.is_symbol() {
        "a symbol"
    } else if value.is_bigint() {
        "a bigint"
    } else {
        "an object that is not plain data"
    })
}

fn fields(value: &JsValue) -> Value {
    let entries = Object::entries(value.unchecked_ref());
    let field = |entry: JsValue| {
        let pair = entry.unchecked_into::<Array>();
        Some((pair.get(0).as_string()?, read(&pair.get(1))))
    };
    Value::Map(entries.iter().filter_map(field).collect())
}

/// Of an array that was not copied.
fn length(value: &JsValue) -> Option<f64> {
    Reflect::get(value, &JsValue::from_str("length")).ok()?.as_f64()
}

/// An object as literals and JSON make them, also one of another realm: nothing above its prototype.
fn is_plain(value: &JsValue) -> bool {
    if !value.is_object() {
        return false;
    }
    let Ok(prototype) = Reflect::get_prototype_of(value) else { return false };
    prototype.is_null() || Reflect::get_prototype_of(&prototype).is_ok_and(|above| above.is_null())
}

/// A new JavaScript value.
pub(super) fn write(value: &Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        Value::Bool(truth) => JsValue::from_bool(*truth),
        Value::Number(number) => JsValue::from_f64(*number),
        Value::Text(text) => JsValue::from_str(text),
        Value::List(items) => items.iter().map(write).collect::<Array>().into(),
        Value::Map(fields) => object(fields.iter().map(|(name, field)| (name.as_str(), write(field)))),
        Value::Other(_) | Value::Long(_) => JsValue::UNDEFINED,
    }
}

/// `{valid: true, params}` or `{valid: false, errors}`.
pub(super) fn write_validation(checked: Result<Vec<(String, Value)>, Vec<Fault>>) -> JsValue {
    let text = |text: &str| JsValue::from_str(text);
    match checked {
        Ok(params) => object([("valid", JsValue::TRUE), ("params", write(&Value::Map(params)))]),
        Err(faults) => {
            let one = |fault: &Fault| object([("param", text(&fault.param)), ("message", text(&fault.message))]);
            object([("valid", JsValue::FALSE), ("errors", faults.iter().map(one).collect::<Array>().into())])
        }
    }
}

/// A new object with these fields.
pub(super) fn object<'a>(fields: impl IntoIterator<Item = (&'a str, JsValue)>) -> JsValue {
    let entries: Array = fields.into_iter().map(|(name, value)| Array::of2(&JsValue::from_str(name), &value)).collect();
    // Fields set one by one would take "__proto__" for the prototype. A list of pairs never fails.
    Object::from_entries(&entries).map_or(JsValue::NULL, JsValue::from)
}
