use jobgate::engine::runner::{Fault, MOST_FAULTS, Param, Place, Value, describe_builtins, read_params, validate};
use proptest::prelude::*;

pub(crate) fn map<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn number(number: f64) -> Value {
    Value::Number(number)
}

fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => Value::Number(number.as_f64().unwrap()),
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(items) => Value::List(items.iter().map(from_json).collect()),
        serde_json::Value::Object(fields) => {
            Value::Map(fields.iter().map(|(name, field)| (name.clone(), from_json(field))).collect())
        }
    }
}

struct Builtin {
    name: String,
    description: String,
    params: Vec<Param>,
}

fn builtins(place: Place) -> Vec<Builtin> {
    let list: Vec<serde_json::Value> = serde_json::from_str(&describe_builtins(place)).unwrap();
    let text = |one: &serde_json::Value, field: &str| one[field].as_str().unwrap().to_owned();
    list.iter()
        .map(|one| Builtin {
            name: text(one, "name"),
            description: text(one, "description"),
            params: read_params(&from_json(&one["params"])).unwrap(),
        })
        .collect()
}

fn builtin(name: &str) -> Vec<Param> {
    builtins(Place::Page).into_iter().find(|builtin| builtin.name == name).unwrap().params
}

fn faults(params: &[Param], given: &Value) -> Vec<(String, String)> {
    let faults = validate(params, given).unwrap_err();
    faults.into_iter().map(|Fault { param, message }| (param, message)).collect()
}

fn fault(param: &str, message: &str) -> (String, String) {
    (param.to_owned(), message.to_owned())
}

#[test]
fn all_five_job_types_are_defined_with_metadata() {
    let list = builtins(Place::Page);
    let names: Vec<&str> = list.iter().map(|builtin| builtin.name.as_str()).collect();
    assert_eq!(names, ["countdown", "prime", "fibonacci", "url_fetch", "echo"]);
    assert!(list.iter().all(|builtin| !builtin.description.is_empty()));
    assert!(list.iter().flat_map(|builtin| &builtin.params).all(|param| !param.description.is_empty()));
}

#[test]
fn bounds_and_defaults_are_the_promised_ones() {
    let promised = [
        ("countdown", "seconds", 1.0, 60.0, Some(10.0)),
        ("prime", "limit", 100.0, 100_000.0, Some(1000.0)),
        ("fibonacci", "count", 1.0, 1000.0, Some(50.0)),
        ("url_fetch", "urls", 1.0, 10.0, None),
        ("echo", "delay", 1.0, 30.0, None),
    ];
    for (name, field, min, max, default) in promised {
        let params = builtin(name);
        let param = params.iter().find(|param| param.name == field).unwrap();
        assert_eq!((param.spec.min, param.spec.max), (Some(min), Some(max)), "{name}.{field}");
        assert_eq!(param.default, default.map(Value::Number), "{name}.{field}");
        assert_eq!(param.required, default.is_none(), "{name}.{field}");
    }
}

#[test]
fn every_fault_is_listed_with_name_bound_and_what_was_given() {
    let given = map([("delay", number(31.0)), ("mesage", Value::from("hi")), ("extra", Value::Null)]);
    assert_eq!(
        faults(&builtin("echo"), &given),
        [
            fault("message", "is required: a string"),
            fault("delay", "must be an integer from 1 to 30, got 31"),
            fault("mesage", "is not a param of this type, got \"hi\""),
            fault("extra", "is not a param of this type, got null"),
        ]
    );
}

#[test]
fn a_string_where_a_number_belongs_is_a_fault_not_a_guess() {
    let given = map([("seconds", Value::from("10"))]);
    assert_eq!(
        faults(&builtin("countdown"), &given),
        [fault("seconds", "must be an integer from 1 to 60, got \"10\"")]
    );
}

#[test]
fn what_is_no_integer_is_a_fault() {
    for value in [0.0, 61.0, 1.5, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(faults(&builtin("countdown"), &map([("seconds", number(value))])).len(), 1, "{value}");
    }
    for value in [1.0, 60.0] {
        assert!(validate(&builtin("countdown"), &map([("seconds", number(value))])).is_ok());
    }
}

#[test]
fn null_is_not_absent() {
    assert_eq!(
        faults(&builtin("countdown"), &map([("seconds", Value::Null)])),
        [fault("seconds", "must be an integer from 1 to 60, got null")]
    );
    let checked = validate(&builtin("countdown"), &map([("seconds", Value::UNDEFINED)])).unwrap();
    assert_eq!(checked, [("seconds".to_owned(), number(10.0))]);
}

#[test]
fn items_of_an_array_are_named_by_their_index() {
    let urls = Value::List(vec![Value::from("https://example.org/a"), Value::from("/b"), number(3.0)]);
    assert_eq!(
        faults(&builtin("url_fetch"), &map([("urls", urls)])),
        [
            fault("urls[1]", "must be an http or https URL, got \"/b\""),
            fault("urls[2]", "must be an http or https URL, got 3"),
        ]
    );
    let many = Value::List(vec![Value::from("https://example.org/"); 11]);
    assert_eq!(
        faults(&builtin("url_fetch"), &map([("urls", many)])),
        [fault("urls", "must be an array of 1 to 10 items, got an array of 11 items")]
    );
    let mut many = vec![Value::from("https://example.org/"); 11];
    many[4] = Value::from("/b");
    assert_eq!(
        faults(&builtin("url_fetch"), &map([("urls", Value::List(many))])),
        [
            fault("urls", "must be an array of 1 to 10 items, got an array of 11 items"),
            fault("urls[4]", "must be an http or https URL, got \"/b\""),
        ]
    );
    let none = faults(&builtin("url_fetch"), &map([("urls", Value::List(Vec::new()))]));
    assert_eq!(none, [fault("urls", "must be an array of 1 to 10 items, got an array of 0 items")]);
}

#[test]
fn an_address_is_a_whole_one_of_the_web() {
    let fits = |url: &str| {
        let given = map([("urls", Value::List(vec![Value::from(url)]))]);
        validate(&builtin("url_fetch"), &given).is_ok()
    };
    for good in ["http://localhost:8080", "HTTPS://example.org/a?b#c", "https://user@example.org/"] {
        assert!(fits(good), "{good}");
    }
    let bad = ["", "example.org", "//example.org", "http://", "http:///a", "http://:80", "javascript://x", "ftp://a/b"];
    for bad in bad.into_iter().chain(["http://a b", "https://a\\b", "https://a\n", "data:,x"]) {
        assert!(!fits(bad), "{bad}");
    }
}

#[test]
fn a_hostile_message_does_not_get_a_fault_for_each_of_its_bytes() {
    let fields = (0..10_000).map(|index| (format!("x{index}"), Value::Null)).collect();
    let list = validate(&builtin("countdown"), &Value::Map(fields)).unwrap_err();
    assert_eq!(list.len(), MOST_FAULTS + 1);
    assert_eq!(list.last().unwrap().message, "and 9900 more faults");
    let urls = Value::List(vec![Value::Null; 10_000]);
    let list = validate(&builtin("url_fetch"), &map([("urls", urls)])).unwrap_err();
    assert_eq!(list.len(), MOST_FAULTS + 1);
}

#[test]
fn params_that_are_no_object_are_one_fault() {
    assert_eq!(
        faults(&builtin("prime"), &Value::List(Vec::new())),
        [fault("", "must be an object, got an array of 0 items")]
    );
}

/// Specs for the text of a JSON-like list of one.
fn own(fields: Vec<(&str, Value)>) -> Result<Vec<Param>, Fault> {
    let mut all = vec![("name".to_owned(), Value::from("x"))];
    all.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
    read_params(&Value::List(vec![Value::Map(all)]))
}

#[test]
fn an_apps_own_specs_bind_too() {
    let text = own(vec![("type", Value::from("string")), ("min", number(2.0)), ("max", number(3.0))]).unwrap();
    let fits = |value: Value| validate(&text, &map([("x", value)])).is_ok();
    assert!(fits(Value::from("abc")) && fits(Value::from("🙂")), "UTF-16 units, as JavaScript counts");
    assert!(!fits(Value::from("a")) && !fits(Value::from("abcd")));

    let word = own(vec![
        ("type", Value::from("string")),
        ("enum", Value::List(vec![Value::from("a"), Value::from("b")])),
        ("default", Value::from("a")),
    ])
    .unwrap();
    assert_eq!(faults(&word, &map([("x", Value::from("c"))])), [fault("x", "must be one of \"a\", \"b\", got \"c\"")]);
    assert_eq!(validate(&word, &map([])).unwrap(), [("x".to_owned(), Value::from("a"))]);

    let flag = own(vec![("type", Value::from("boolean")), ("required", Value::Bool(false))]).unwrap();
    assert_eq!(validate(&flag, &map([])).unwrap(), []);
    assert_eq!(faults(&flag, &map([("x", number(1.0))])), [fault("x", "must be true or false, got 1")]);

    let anything = own(vec![("type", Value::from("array"))]).unwrap();
    let given = Value::List(vec![map([("deep", Value::Other("a function"))])]);
    assert_eq!(faults(&anything, &map([("x", given)])), [fault("x[0]", "must be plain data, got a function")]);
}

#[test]
fn each_kind_takes_what_it_is_and_says_what_it_is_not() {
    let plain = |kind: &str| own(vec![("type", Value::from(kind))]).unwrap();
    let bounded =
        |kind: &str| own(vec![("type", Value::from(kind)), ("min", number(1.0)), ("max", number(3.0))]).unwrap();
    let takes = |params: &[Param], value: Value| assert!(validate(params, &map([("x", value)])).is_ok());
    let says_at = |params: &[Param], value: Value, at: &str, message: &str| {
        assert_eq!(faults(params, &map([("x", value)])), [fault(at, message)]);
    };
    let says = |params: &[Param], value: Value, message: &str| says_at(params, value, "x", message);
    for truth in [true, false] {
        takes(&plain("boolean"), Value::Bool(truth));
    }
    says(&plain("boolean"), Value::from("true"), "must be true or false, got \"true\"");
    takes(&plain("number"), number(1.5));
    for (odd, text) in [(f64::NAN, "NaN"), (f64::INFINITY, "Infinity")] {
        says(&plain("number"), number(odd), &format!("must be a finite number, got {text}"));
    }
    says(&bounded("string"), Value::from(""), "must be a string of 1 to 3 characters, got a text of 0 characters");
    says(
        &bounded("string"),
        Value::from("abcd"),
        "must be a string of 1 to 3 characters, got \"abcd\" of 4 characters",
    );
    let nested = Value::List(vec![Value::List(vec![Value::Other("a symbol")])]);
    says_at(&plain("array"), nested, "x[0]", "must be plain data, got a symbol");
}

#[test]
fn params_that_are_not_given_are_the_defaults() {
    assert_eq!(validate(&builtin("countdown"), &Value::UNDEFINED).unwrap(), [("seconds".to_owned(), number(10.0))]);
}

#[test]
fn a_list_that_nobody_has_looked_into_is_judged_by_its_length() {
    let bounded = own(vec![("type", Value::from("array")), ("max", number(10.0))]).unwrap();
    let message = "must be an array of at most 10 items, got an array of 4000000000 items";
    assert_eq!(faults(&bounded, &map([("x", Value::Long(4e9))])), [fault("x", message)]);
    let free = own(vec![("type", Value::from("array"))]).unwrap();
    let message = "must be plain data, got an array of 11 items";
    assert_eq!(faults(&free, &map([("x", Value::Long(11.0))])), [fault("x", message)]);
    let nested = Value::List(vec![Value::Long(11.0)]);
    assert_eq!(faults(&free, &map([("x", nested)])), [fault("x[0]", message)]);
}

#[test]
fn specs_that_make_no_sense_are_refused() {
    let refused = |fields: Vec<(&str, Value)>, at: &str| assert_eq!(own(fields).unwrap_err().param, at);
    refused(vec![], "params[0].type");
    refused(vec![("type", Value::from("date"))], "params[0].type");
    refused(vec![("type", Value::from("number")), ("min", Value::from("1"))], "params[0].min");
    refused(vec![("type", Value::from("number")), ("min", number(f64::NAN))], "params[0].min");
    refused(vec![("type", Value::from("number")), ("min", number(2.0)), ("max", number(1.0))], "params[0].max");
    refused(vec![("type", Value::from("number")), ("default", Value::from("1"))], "params[0].default");
    refused(vec![("type", Value::from("number")), ("max", number(1.0)), ("default", number(2.0))], "params[0].default");
    refused(vec![("type", Value::from("string")), ("items", map([]))], "params[0].items");
    refused(vec![("type", Value::from("array")), ("items", map([]))], "params[0].items.type");
    refused(vec![("type", Value::from("string")), ("enum", Value::List(vec![]))], "params[0].enum");
    assert!(own(vec![("type", Value::from("number")), ("min", number(2.0)), ("max", number(2.0))]).is_ok());
    let nameless = map([("name", Value::from("")), ("type", Value::from("string"))]);
    assert_eq!(read_params(&Value::List(vec![nameless])).unwrap_err().param, "params[0].name");
    let twice = map([("name", Value::from("x")), ("type", Value::from("string"))]);
    assert_eq!(read_params(&Value::List(vec![twice.clone(), twice])).unwrap_err().param, "params[1].name");
    assert_eq!(read_params(&Value::Null).unwrap_err().message, "must be an array, got null");
}

#[test]
fn a_worker_of_its_own_may_look_for_larger_primes() {
    let largest = |place| builtins(place)[1].params[0].spec.max;
    assert_eq!((largest(Place::Page), largest(Place::Worker)), (Some(100_000.0), Some(1_000_000_000.0)));
}

#[test]
fn of_a_long_text_a_message_shows_the_beginning() {
    let shown = |many| Value::Text("é".repeat(many)).to_string();
    assert_eq!(shown(60), format!("\"{}\"", "é".repeat(60)));
    assert_eq!(shown(61), format!("\"{}…\"", "é".repeat(60)));
}

#[test]
fn numbers_are_written_short_and_exact() {
    let texts = [
        (0.0, "0"),
        (-0.0, "0"),
        (61.0, "61"),
        (0.1, "0.1"),
        (-2.5, "-2.5"),
        (1e-7, "1e-7"),
        (123_456_789.125, "123456789.125"),
        (f64::NAN, "NaN"),
        (f64::NEG_INFINITY, "-Infinity"),
    ];
    for (number, text) in texts {
        assert_eq!(Value::Number(number).to_string(), text);
    }
}

pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        Just(Value::Other("a function")),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>().prop_map(Value::Number),
        ".{0,8}".prop_map(Value::Text),
        prop::sample::select(&["create_job", "cancel_job", "error", "countdown"][..]).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let name = prop::sample::select(&["type", "job_type", "params", "job_id", "id", "name", "items", "min"][..]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            prop::collection::vec((name.prop_map(str::to_owned), inner), 0..6).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_given_gets_an_answer(given in any_value(), seconds in any::<f64>()) {
        for builtin in builtins(Place::Page) {
            let _ = validate(&builtin.params, &given);
        }
        let _ = read_params(&given);
        let allowed = seconds.fract() == 0.0 && (1.0..=60.0).contains(&seconds);
        prop_assert_eq!(validate(&builtin("countdown"), &map([("seconds", number(seconds))])).is_ok(), allowed);
    }
}
