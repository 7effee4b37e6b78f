//! The documented list of codes, made from the codes themselves.

use super::Code;

/// All codes as a Markdown document: number, name, severity, meaning.
///
/// ```
/// assert!(phasegate_plan::code_list().contains("| PG301 | `dependency-cycle` | error |"));
/// ```
pub fn code_list() -> String {
    let mut out = String::from(
        "# Fault codes\n\nMade from the code; the example `describe` writes it anew. A code never changes its meaning.\n\n| code | name | severity | meaning |\n|---|---|---|---|\n",
    );
    for code in Code::ALL {
        let meaning: Vec<&str> = code.explanation().split_whitespace().collect();
        let meaning = meaning.join(" ").replace('|', "\\|");
        let (id, slug, severity) = (code.id(), code.slug(), code.severity());
        out.push_str(&format!("| {id} | `{slug}` | {severity} | {meaning} |\n"));
    }
    out
}
