//! Rebuilds when a migration file appears: `sqlx::migrate!` embeds the folder.
fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
