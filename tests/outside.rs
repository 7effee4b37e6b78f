//! Embedding, seen from outside: a package that is no member of the workspace depends on each library
//! alone, and what people embed can be packaged.

use std::process::Command;

use phasegate_tests::{crates, manifest, root};

fn cargo(args: &[&str], folder: &std::path::Path) -> (bool, String) {
    let output = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", root().join("target/outside"))
        .output()
        .expect("cargo runs");
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// Each library by itself, with default features: what a stranger gets who adds one line.
#[test]
fn each_library_can_be_embedded_alone() {
    let folder = root().join("target/outside-package");
    std::fs::create_dir_all(folder.join("src")).expect("a folder");
    for name in crates() {
        let path = root().join("crates").join(&name);
        let text = format!(
            "[package]\nname = \"outside\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{name} = {{ path = {path:?} }}\n\n[workspace]\n"
        );
        std::fs::write(folder.join("Cargo.toml"), text).expect("a manifest");
        let code = format!("pub use {} as embedded;\n", name.replace('-', "_"));
        std::fs::write(folder.join("src/lib.rs"), code).expect("a library");
        std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
        let (works, said) = cargo(&["check", "--quiet"], &folder);
        assert!(works, "{name} alone:\n{said}");
    }
}

/// `cargo package` gathers what would be published: manifests are complete, and every file that they name
/// is there. It does not build the packages: `--no-verify`, since that would compile every crate once more.
#[test]
fn every_published_crate_can_be_packaged() {
    let mut args = vec![
        "package",
        "--quiet",
        "--allow-dirty",
        "--no-verify",
        "--offline",
    ];
    let names = crates();
    for name in &names {
        let package = manifest(name)["package"]
            .as_table()
            .cloned()
            .expect("a package");
        if package.get("publish").and_then(toml::Value::as_bool) != Some(false) {
            args.extend(["-p", name]);
        }
    }
    let (works, said) = cargo(&args, &root());
    assert!(works, "{said}");
}
