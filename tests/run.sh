#!/bin/bash
# Runs the steps of `make test` in order and prints what each took. With names, only those steps.
# What could not run here is counted at the end; with CI set, something that did not run is a failure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

TARGET=${CARGO_TARGET_DIR:-$PWD/target}
export MIGRADO_SKIPS=$TARGET/skipped.txt
export RUSTFLAGS=${RUSTFLAGS:-}
mkdir -p "$TARGET" && : >"$MIGRADO_SKIPS"

pages=()
for page in dashboards/console agent/kiosk-ui; do [ -f "$page/package.json" ] && pages+=("$page"); done

step_pages() { # Built first: the programs embed them.
    # The console's journeys leave by themselves without a browser; that is counted here.
    [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || echo "console journeys: no Chromium" >>"$MIGRADO_SKIPS"
    for page in "${pages[@]}"; do
        (cd "$page" && npm ci --no-audit --no-fund --loglevel=error && npm run --silent check &&
            npm test --silent && npm run --silent build && npm run --silent --if-present e2e) || return 1
    done
}
step_format() { cargo fmt --all --check; }
step_lint() { # The second: where libsystemd is missing the agent still has to compile.
    cargo clippy --quiet --workspace --all-targets -- -D warnings &&
        cargo clippy --quiet --package migrado-agent --no-default-features -- -D warnings
}
step_build() { cargo build --quiet --workspace --bins; }
step_unit() { # Unit, table and contract tests of every crate; what starts processes comes later.
    cargo test --quiet --workspace --lib --bins && cargo test --quiet --workspace --doc &&
        cargo test --quiet --workspace --test contract --test tidy
}
step_parts() { # One part with real neighbors: the link with a broker, the agent with printer and bus.
    cargo test --quiet --workspace --test session --test signing --test tls --test neighbor --test printer_live --test systemd
}
step_deploy() { cargo test --quiet --workspace --test deploy; }
step_e2e() { cargo test --quiet --workspace --test e2e; }
step_faults() { cargo test --quiet --workspace --test faults; }
step_ui() {
    [ -f tests/ui/package.json ] || return 0
    (cd tests/ui && npm ci --no-audit --no-fund --loglevel=error && npx playwright test)
}

steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(pages format build unit lint parts deploy e2e faults ui)

table=""
failed=0
for step in "${steps[@]}"; do
    echo "== $step"
    began=$SECONDS
    if "step_$step"; then word=ok; else
        word=FAILED
        failed=1
    fi
    table+=$(printf '%-12s %-7s %5d s' "$step" "$word" $((SECONDS - began)))$'\n'
    # Without programs nothing after it can say anything.
    [ "$word/$step" != FAILED/build ] || break
done

skipped=$(sort -u "$MIGRADO_SKIPS" | grep -c . || true)
printf '\n%s%-12s %s\n' "$table" skipped "$skipped"
[ "$skipped" -eq 0 ] || sort -u "$MIGRADO_SKIPS" | sed 's/^/  not run: /'
printf '%-12s %d s\n' total "$SECONDS"
if [ "$skipped" -gt 0 ] && [ -n "${CI:-}" ]; then
    echo "On CI everything has to run."
    failed=1
fi
exit "$failed"
