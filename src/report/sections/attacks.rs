//! When attacks begin.

use super::super::history::History;
use super::super::study::Case;
use toml::Value;

/// Where on the axis of time attacks begin that wait, and their names. None where time has no
/// common iterations.
pub(super) fn marks(case: &Case<'_>, history: &History) -> Vec<(f64, String)> {
    let swept = |key: &str| case.settings.iter().find(|s| s.key == key);
    let scenario = &case.results.scenario;
    let attacks = match swept("attack") {
        Some(label) => {
            let labels = scenario.get("sweep").and_then(|sweep| sweep.get("attack"));
            labels.and_then(|labels| labels.get(label.value.to_string()))
        }
        None => scenario.get("attack"),
    };
    let mark = |attack: &Value| {
        let name = attack.get("name").or(attack.get("kind"))?.as_str()?;
        let begins = match swept(&format!("attack.{name}.active.from_iteration")) {
            Some(swept) => swept.value.to_string().parse().ok()?,
            None => {
                u64::try_from(attack.get("active")?.get("from_iteration")?.as_integer()?).ok()?
            }
        };
        (begins > 0).then_some((history.moment_of(begins)?, format!("{name} begins")))
    };
    attacks
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(mark)
        .collect()
}
