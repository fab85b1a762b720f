# The commands of this project. `make demo` and `make test` install what they need and do not find.
.DEFAULT_GOAL := help
.PHONY: help demo test check bench fmt gen

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

demo: ## the gateway, two stand-in identity providers and a sample app; prints the page to open
	@scripts/install demo
	cargo build --locked -p fedgate -p playground
	cargo run --locked -q -p playground -- demo

test: check ## every check and every test, against real databases and real identity providers
	scripts/services run cargo test --locked --workspace --no-fail-fast
	cargo test --locked -q -p saml_oracle --test accepted -- --ignored

check: ## format, lints, licences and banned dependencies; no test is run
	@scripts/install test
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	.tools/cargo/bin/cargo-deny --log-level warn --locked --all-features check --hide-inclusion-graph bans licenses sources

bench: ## CPU time per login and per token beside the floor, memory and start time (release build)
	@scripts/install demo
	cargo build --locked --release -p fedgate -p bench
	cargo run --locked --release -q -p bench

fmt: ## formats every Rust file
	cargo fmt --all

gen: ## regenerates derived files
	FEDGATE_BLESS=1 cargo test --locked --test it the_coverage_document_is_current
