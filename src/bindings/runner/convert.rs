//! JavaScript values as the plain data that the rules look at, and back. Whatever comes in, this neither throws nor
//! runs without end.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::engine::runner::Value;

/// Levels of lists and maps in one another.
const DEEPEST: u32 = 64;
/// What a value costs beside its text: about what JSON spends on it.
const EACH: usize = 2;

/// Why a value was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    TooLarge,
    /// Cyclic, nested without measure, or an object that throws when looked at.
    NotData,
}

/// Reads a value that is about as large as `budget` bytes of JSON at most.
pub(super) fn read(value: &JsValue, budget: usize) -> Result<Value, Unreadable> {
    let mut reader = Reader { left: budget };
    reader.read(value, 0)
}

struct Reader {
    left: usize,
}

impl Reader {
    fn spend(&mut self, bytes: usize) -> Result<(), Unreadable> {
        self.left = self.left.checked_sub(bytes).ok_or(Unreadable::TooLarge)?;
        Ok(())
    }

    fn text(&mut self, value: &JsValue) -> Result<Option<String>, Unreadable> {
        let Some(text) = value.dyn_ref::<js_sys::JsString>() else { return Ok(None) };
        // Before it is copied; then what it has beyond a byte a unit.
        let units = text.length() as usize;
        self.spend(units)?;
        let text = String::from(text);
        self.spend(text.len().saturating_sub(units))?;
        Ok(Some(text))
    }

    fn read(&mut self, value: &JsValue, depth: u32) -> Result<Value, Unreadable> {
        self.spend(EACH)?;
        if depth > DEEPEST {
            return Err(Unreadable::NotData);
        }
        if let Some(number) = value.as_f64() {
            return Ok(Value::Number(number));
        }
        if let Some(text) = self.text(value)? {
            return Ok(Value::Text(text));
        }
        if let Some(truth) = value.as_bool() {
            return Ok(Value::Bool(truth));
        }
        if value.is_null() {
            return Ok(Value::Null);
        }
        if Array::is_array(value) {
            return self.list(value, depth);
        }
        if is_plain(value) {
            return self.map(value, depth);
        }
        Ok(Value::Other(if value.is_undefined() {
            "undefined"
        } else if value.is_function() {
            "a function"
        } else if value.is_symbol() {
            "a symbol"
        } else if value.is_bigint() {
            "a bigint"
        } else {
            "an object that is not plain data"
        }))
    }

    fn list(&mut self, value: &JsValue, depth: u32) -> Result<Value, Unreadable> {
        let length = value.unchecked_ref::<Array>().length();
        let mut items = Vec::new();
        for index in 0..length {
            let item = Reflect::get_u32(value, index).map_err(|_| Unreadable::NotData)?;
            items.push(self.read(&item, depth + 1)?);
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, value: &JsValue, depth: u32) -> Result<Value, Unreadable> {
        let names = Reflect::own_keys(value).map_err(|_| Unreadable::NotData)?;
        let mut fields = Vec::new();
        for name in names.iter() {
            let Some(text) = self.text(&name)? else { continue };
            let field = Reflect::get(value, &name).map_err(|_| Unreadable::NotData)?;
            fields.push((text, self.read(&field, depth + 1)?));
        }
        Ok(Value::Map(fields))
    }
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
        Value::Other(_) => JsValue::UNDEFINED,
    }
}

/// A new object with these fields.
pub(super) fn object<'a>(fields: impl IntoIterator<Item = (&'a str, JsValue)>) -> JsValue {
    let entries: Array = fields.into_iter().map(|(name, value)| Array::of2(&JsValue::from_str(name), &value)).collect();
    // Fields set one by one would take "__proto__" for the prototype. A list of pairs never fails.
    Object::from_entries(&entries).map_or(JsValue::NULL, JsValue::from)
}
