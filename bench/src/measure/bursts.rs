//! Bursts of datagrams on one thread: a call for each, many in one call, and rows that the kernel
//! cuts and puts together.

use super::{Context, grouped, printed};

const WAYS: [(&str, &str); 3] = [
    ("bursts-one-by-one", "a call for each"),
    ("bursts-many", "32 in one call"),
    ("bursts-offload", "32 as one row"),
];

pub fn run(context: &mut Context<'_>) -> Result<(), String> {
    let milliseconds = context.settings.burst.as_millis().min(200);
    for payload in [64, 1200] {
        for (load, way) in WAYS {
            let setting = format!("{} B, {way}", grouped(payload));
            let settings = [format!("payload={payload}"), format!("milliseconds={milliseconds}")];
            printed::run(context, load, &setting, &settings, Some(0));
        }
    }
    Ok(())
}
