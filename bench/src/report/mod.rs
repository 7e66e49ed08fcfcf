//! The report: a page, charts, and all values.

mod charts;
mod page;

use std::fs;
use std::path::Path;

use crate::measure::Context;
use crate::samples::Sample;

/// Writes everything into a folder, whatever of it there is.
pub fn write(
    folder: &Path,
    context: &Context<'_>,
    machine: &[(&'static str, String)],
) -> Result<(), String> {
    let save = |name: &str, text: String| {
        let file = folder.join(name);
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))
    };
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    save("values.csv", values(&context.samples.all, machine))?;
    let charts = charts::draw(folder, &context.samples)?;
    save("README.md", page::page(context, machine, &charts))
}

/// Each value with where it comes from.
fn values(samples: &[Sample], machine: &[(&'static str, String)]) -> String {
    let mut text = String::new();
    for (name, value) in machine {
        text.push_str(&format!("# {name}: {value}\n"));
    }
    text.push_str("measurement,peer,setting,metric,unit,round,value\n");
    for sample in samples {
        text.push_str(&format!(
            "{},{},\"{}\",{},{},{},{}\n",
            sample.measurement,
            sample.peer,
            sample.setting,
            sample.metric,
            sample.unit,
            sample.round,
            sample.value
        ));
    }
    text
}
