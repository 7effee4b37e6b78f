//! Texts with names in double braces.

/// Replaces each `{{name}}` by its value; what has none stays as it stands. What is filled in is never looked through
/// again.
pub(crate) fn fill(template: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let Some((name, tail)) = after.split_once("}}") else {
            text.push_str("{{");
            rest = after;
            continue;
        };
        match value(name.trim()) {
            Some(value) => text.push_str(&value),
            None => {
                text.push_str("{{");
                text.push_str(name);
                text.push_str("}}");
            }
        }
        rest = tail;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn what_has_a_value_is_filled_in_once_and_the_rest_stays() {
        let value = |name: &str| (name == "a").then(|| "{{b}}".to_owned());
        for (template, wanted) in [
            ("{{a}} and {{ a }}", "{{b}} and {{b}}"),
            ("{{ c }}, {{a", "{{ c }}, {{a"),
            ("}} {{{a}}", "}} {{{a}}"),
            ("", ""),
        ] {
            assert_eq!(fill(template, value), wanted);
        }
    }
}
