//! Every page renders its sample: texts are escaped, nothing foreign is loaded, and the whole stays small (U-01, U-05, A-21).

use fedgate::hosted_ui::pages::PAGES;

#[test]
fn every_page_renders_its_sample_without_letting_markup_through() {
    for page in PAGES {
        let html = page.sample().unwrap();
        assert!(html.starts_with("<!doctype html>"), "{}", page.path());
        assert!(!html.contains("<script"), "U-05: {} lets a name become markup", page.path());
        assert!(html.contains("&#60;script&#62;alert(1)&#60;/script&#62;"), "the sample has markup in its texts: {html}");
        assert!(!html.contains("javascript:"), "{}", page.path());
        assert!(html.len() < 30 * 1024, "{} has {} bytes", page.path(), html.len());
    }
}

#[test]
fn no_page_names_a_foreign_origin() {
    for page in PAGES {
        let html = page.sample().unwrap();
        // Links lead to our own authorization endpoint only; sources of anything loaded do not exist at all.
        for attribute in ["src=", "srcset=", "url(", "@import", "<link", "<iframe", "<object", "http-equiv"] {
            assert!(!html.contains(attribute), "A-21: {} has {attribute}", page.path());
        }
        for link in html.split("href=\"").skip(1) {
            assert!(link.starts_with("https://id.example.com/oauth2/authorize?"), "A-21: {} links to {link}", page.path());
        }
    }
}
