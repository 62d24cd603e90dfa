bench: ## What the programs cost, beside a peer: make bench [BENCH=agent]
	@deploy/dev/prerequisites.sh bench
	cargo build --quiet --release --bin migrado-agent --bin migrado-controller --bin migradoctl --bin migrado-bench
	@$(TARGET)/release/migrado-bench --programs $(TARGET)/release --out $(TARGET)/bench $(if $(BENCH),--bench $(BENCH))
