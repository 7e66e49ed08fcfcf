//! Packages of Debian, which the checks unpack into the cache instead of installing them.

/// The packages of a simulated installation, less those whose names begin like one of `left_out`.
pub fn planned<'a>(plan: &'a str, left_out: &[&str]) -> Vec<&'a str> {
    plan.lines()
        .filter_map(|line| line.strip_prefix("Inst ")?.split_whitespace().next())
        .filter(|package| !left_out.iter().any(|prefix| package.starts_with(prefix)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::planned;

    #[test]
    fn the_plan_has_what_is_installed_and_is_not_left_out() {
        let plan = "Inst libc6 (2.41 x)\nConf libc6\nInst gcc-14 (14)\nInst rustc (1.85.1)\n";
        assert_eq!(planned(plan, &["gcc", "cpp"]), ["libc6", "rustc"]);
    }
}
