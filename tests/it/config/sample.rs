//! The sample file and the documentation are derived from the table of keys.

use fedgate::cognito::declare;
use fedgate::config::environment::variable;
use fedgate::config::keys::{KEYS, markdown, sample};

use crate::config::good;

/// Uncomments what the sample shows as defaults.
fn uncommented(text: &str) -> String {
    text.lines().take_while(|line| !line.starts_with("# More administrative")).map(|line| uncomment(line) + "\n").collect()
}

fn uncomment(line: &str) -> String {
    match line.strip_prefix("# ") {
        Some(rest)
            if rest
                .split_once(" = ")
                .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b"._".contains(&b))) =>
        {
            rest.to_owned()
        }
        _ => line.to_owned(),
    }
}

#[test]
fn the_committed_sample_is_the_derived_one() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/fedgate.toml");
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let derived = sample();
    if committed != derived {
        let proposal = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("fedgate.toml");
        std::fs::write(&proposal, &derived).unwrap();
        panic!("deploy/fedgate.toml differs from the table of keys: copy {} over it", proposal.display());
    }
}

#[test]
fn the_table_in_the_readme_is_the_derived_one() {
    let readme = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let table = markdown();
    let missing: Vec<&str> = table.lines().filter(|line| !readme.lines().any(|other| other == *line)).collect();
    assert!(missing.is_empty(), "README.md lacks these lines of the configuration table:\n{}", missing.join("\n"));
}

#[test]
fn the_sample_changes_nothing_and_every_key_of_it_is_known() {
    good(&sample(), &[]);
    let with_defaults: String = uncommented(&sample())
        .lines()
        // Examples without a default would need their files and partners.
        .filter(|line| !line.contains("…") && !line.contains("/run/secrets") && !line.contains(".pem\""))
        .map(|line| format!("{line}\n"))
        .collect();
    let config = good(&with_defaults, &[]);
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert!(with_defaults.contains("[telemetry]\n"), "{with_defaults}");
}

#[test]
fn every_key_can_be_set_by_a_variable_and_is_read_by_its_section() {
    for key in KEYS.iter().filter(|key| key.built) {
        // A list in a list is wrong for every key: whoever reads the key reports it.
        let text = format!("{} = [[1]]", key.path);
        let lines = crate::config::report(&text, &[]);
        assert!(lines.iter().any(|line| line.contains(&format!(": {}: ", key.path))), "{}: {lines:?}", key.path);
        let name = variable(key.path);
        assert!(name.starts_with("FEDGATE_") && name == name.to_ascii_uppercase(), "{name}");
    }
}

/// The README's files are read by strangers first: they must be right, and a mistake in them must show.
#[test]
fn the_readmes_files_are_good() {
    let readme = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let blocks: Vec<&str> = readme.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    // The second and the third are further providers of the first file's pool.
    let file = blocks[..3].join("\n");
    let variables = [("CORP_CLIENT_SECRET", "secret"), ("GOOGLE_CLIENT_SECRET", "secret")];
    let config = good(&file, &variables);
    assert_eq!(declare::check(&config.user_pools), []);
    let mistaken = good(&file.replace("callback_urls", "callback_url"), &variables);
    assert_eq!(declare::check(&mistaken.user_pools)[0].suggestion.as_deref(), Some("callback_urls"));
    let mistaken = good(&file.replace("cel:claims.givenName +", "cel:claims.givenName + +"), &variables);
    assert_eq!(declare::check(&mistaken.user_pools).len(), 1);
}
