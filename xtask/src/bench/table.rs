//! Markdown tables.

/// A table of rows as long as the head.
pub(crate) fn markdown(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<&str> = cells.collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut text = line(&mut head.iter().copied());
    text += &line(&mut head.iter().map(|_| "---"));
    for row in rows {
        text += &line(&mut row.iter().map(String::as_str));
    }
    text
}

/// Two decimals; nothing for what was not measured.
pub(crate) fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("{value:.2}"))
}

/// A share in percent.
pub(crate) fn percent(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("{:.0} %", 100.0 * value))
}

/// What [`super::machine::describe`] found, as a sentence.
pub(crate) fn machine(machine: &serde_json::Value) -> String {
    let text = |key: &str| match &machine[key] {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let changed = match machine["uncommitted_changes"] == true {
        true => " with uncommitted changes",
        false => "",
    };
    format!(
        "Machine: {} (family/model {}), {} cores, {}; {}; commit {}{changed}; {}.\n",
        text("cpu"),
        text("family_model"),
        text("cores"),
        text("vector_features"),
        text("rustc"),
        text("commit"),
        text("date"),
    )
}
