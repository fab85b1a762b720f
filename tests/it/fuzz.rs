//! The fuzz targets in every test run: their seeds under fuzz/seeds, and some thousand changes of them from a fixed seed.
//!
//! cargo-fuzz goes on from there with coverage (`cargo +nightly fuzz run NAME`). `FEDGATE_BLESS=1` writes the seeds.

use std::path::{Path, PathBuf};

#[path = "../../fuzz/src/lib.rs"]
mod bodies;

/// A target: its name, what it runs, how often here, and its seeds.
type Target = (&'static str, fn(&[u8]), usize, fn() -> Vec<Vec<u8>>);

const TARGETS: &[Target] = &[
    ("id_token", bodies::id_token::run, 1_000, scripts),
    ("oidc_discovery", bodies::oidc_discovery::run, 2_000, documents_as_json),
    ("saml_encrypted", bodies::saml_encrypted::run, 300, scripts),
    ("saml_gate", bodies::saml_gate::run, 3_000, documents_as_xml),
    ("saml_logout", bodies::saml_logout::run, 1_000, scripts),
    ("saml_metadata", bodies::saml_metadata::run, 1_000, metadata),
    ("saml_response", bodies::saml_response::run, 600, scripts),
];

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// Lists of edits, as `edits` reads them, of each of the first originals.
fn scripts() -> Vec<Vec<u8>> {
    let edits: [&[u8]; 9] = [
        b"",
        &[0, 40, 3, 2],
        &[1, 0, 60, 0],
        &[2, 0, 200, 1],
        b"\x00\x10\x07\x03<!---->",
        b"\x04\x00\x05\x03&#65;",
        b"\x03\x00\x01\x03 ",
        b"\x00\x20\x0b\x03 xmlns:a=\"\"",
        b"\x05\x00\x10\x00\x06\x00\x10\x01",
    ];
    (0..4_u8).flat_map(|which| edits.map(|edit| [&[which], edit].concat())).collect()
}

fn documents_as_xml() -> Vec<Vec<u8>> {
    let texts = [
        "<a/>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a b='c'>text &amp; &#65;</a>\n",
        "<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>",
        "<a xmlns=\"urn:a\" xmlns:b=\"urn:b\"><b:c b:d=\"e\" ID=\"_1\"/><c xmlns=\"\"/></a>",
        "<a xmlns:b=\"urn:b\"><c xmlns:b=\"\"/></a>",
        "<a><!-- comment --><![CDATA[x]]><?pi x?></a>",
        "<a ID=\"_1\"><b Id=\"_1\"/></a>",
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_r\" Version=\"2.0\"><samlp:Status/></samlp:Response>",
        "\u{feff}<a/>",
        "<a><b><c><d><e><f><g><h/></g></f></e></d></c></b></a>",
    ];
    texts.map(|text| text.as_bytes().to_vec()).into()
}

fn documents_as_json() -> Vec<Vec<u8>> {
    let texts = [
        "{}",
        "{\"keys\":[]}",
        "{\"issuer\":\"https://idp.example.test\",\"issuer\":\"x\"}",
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).chain(scripts().into_iter().take(18)).collect()
}

fn metadata() -> Vec<Vec<u8>> {
    let root = "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">";
    let nested = format!("{}{}", root.repeat(6), "</md:EntitiesDescriptor>".repeat(6));
    [nested.into_bytes()].into_iter().chain(scripts().into_iter().take(9)).collect()
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = home().join("seeds").join(name);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// xorshift64*.
fn next(state: &mut u64) -> usize {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    usize::try_from(state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap()
}

/// A seed with a few bytes changed, and perhaps another one behind it.
fn changed(seeds: &[Vec<u8>], state: &mut u64) -> Vec<u8> {
    let mut input = seeds[next(state) % seeds.len()].clone();
    if next(state).is_multiple_of(2) {
        let other = &seeds[next(state) % seeds.len()];
        input.extend_from_slice(&other[1.min(other.len())..]);
    }
    for _ in 0..next(state) % 6 {
        let byte = u8::try_from(next(state) % 256).unwrap();
        match (next(state) % 3, input.len()) {
            (_, 0) | (0, _) => input.insert(next(state) % (input.len() + 1), byte),
            (1, length) => input[next(state) % length] = byte,
            (_, length) => drop(input.remove(next(state) % length)),
        }
    }
    input
}

#[test]
fn every_target_holds_for_its_seeds_and_changes_of_them() {
    if std::env::var_os("FEDGATE_BLESS").is_some() {
        write_seeds();
    }
    for (name, run, times, _) in TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in &seeds {
            run(seed);
        }
        let mut state = 0x5eed;
        for _ in 0..*times {
            run(&changed(&seeds, &mut state));
        }
    }
}

fn write_seeds() {
    for (name, _, _, make) in TARGETS {
        let folder = home().join("seeds").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (number, seed) in make().iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number:02}")), seed).unwrap();
        }
    }
}

/// What cargo-fuzz builds is what runs here.
#[test]
fn the_targets_are_those_of_cargo_fuzz() {
    let manifest = std::fs::read_to_string(home().join("Cargo.toml")).unwrap();
    let mut listed: Vec<&str> = manifest.split("[[bin]]\nname = \"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    listed.sort_unstable();
    assert_eq!(listed, TARGETS.iter().map(|(name, ..)| *name).collect::<Vec<_>>());
    for name in listed {
        let target = std::fs::read_to_string(home().join("fuzz_targets").join(format!("{name}.rs"))).unwrap();
        assert!(target.contains(&format!("fedgate_fuzz::{name}::run(bytes)")), "{name}");
    }
}
