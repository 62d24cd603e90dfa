bench: ## What the programs cost, beside a peer or a floor: make bench [BENCH=agent] [BENCH_ARGS='--seed 7']
	@deploy/dev/prerequisites.sh bench
	@# Apart, so that what is measured is built as it is shipped, without the tests' features.
	cargo build --quiet --release -p migrado-controller -p migradoctl
	cargo build --quiet --profile display -p migrado-agent
	cp $(TARGET)/display/migrado-agent $(TARGET)/release/migrado-agent
	cargo build --quiet --release -p migrado-bench
	@$(TARGET)/release/migrado-bench --out $(TARGET)/bench $(if $(BENCH),--bench $(BENCH)) $(BENCH_ARGS)
