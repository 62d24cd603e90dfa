//! The polkit rule, evaluated in a JavaScript engine: who may do what, as a table.

use std::process::Command;

use migrado_tests::needs_program;
use migrado_tests::programs::{self, repository};

/// Plays polkit: loads the rule and prints its answer to each question, one a line.
const POLKIT: &str =
    "let rule; const polkit = { addRule: (f) => { rule = f; }, Result: { YES: 'yes', NO: 'no' } };
    eval(require('fs').readFileSync(process.argv[1], 'utf8'));
    for (const [user, id, unit, verb] of JSON.parse(process.argv[2])) {
        const action = { id, lookup: (key) => ({ unit, verb })[key] };
        console.log(rule(action, { user }) ?? 'left to others');
    }";

#[test]
fn the_agent_may_restart_its_units_and_reboot_and_nothing_else() {
    needs_program!("polkit", "node");
    let (units, login) = ("org.freedesktop.systemd1.manage-units", "org.freedesktop.login1");
    let agent = "migrado-agent";
    let reboot = |how: &str| format!("{login}.{how}");
    let table = [
        (agent, units.to_owned(), "cups.service", "restart", "yes"),
        (agent, units.to_owned(), "kiosk-session.service", "restart", "yes"),
        (agent, units.to_owned(), "cups.service", "stop", "no"),
        (agent, units.to_owned(), "ssh.service", "restart", "no"),
        (agent, reboot("reboot"), "", "", "yes"),
        // Asked while the kiosk's user is logged in: always.
        (agent, reboot("reboot-multiple-sessions"), "", "", "yes"),
        // Somebody asked for the machine to stay up.
        (agent, reboot("reboot-ignore-inhibit"), "", "", "no"),
        (agent, reboot("power-off"), "", "", "no"),
        (agent, "org.freedesktop.systemd1.manage-unit-files".to_owned(), "cups.service", "", "no"),
        ("erika", reboot("reboot"), "", "", "left to others"),
        ("root", units.to_owned(), "cups.service", "restart", "left to others"),
    ];
    let questions: Vec<_> =
        table.iter().map(|(user, id, unit, verb, _)| [user, id.as_str(), unit, verb]).collect();
    let said = Command::new(programs::find("node").unwrap())
        .args(["-e", POLKIT])
        .arg(repository().join("deploy/polkit/50-migrado-agent.rules"))
        .arg(serde_json::to_string(&questions).unwrap())
        .output()
        .unwrap();
    let answers = String::from_utf8(said.stdout).unwrap();
    let answers: Vec<&str> = answers.lines().collect();
    let expected: Vec<&str> = table.iter().map(|row| row.4).collect();
    assert_eq!(answers, expected, "{}", String::from_utf8_lossy(&said.stderr));
}

#[test]
fn the_rules_units_are_those_of_the_example() {
    let rule = std::fs::read_to_string(repository().join("deploy/polkit/50-migrado-agent.rules")).unwrap();
    let example = std::fs::read_to_string(repository().join("config/agent.yaml")).unwrap();
    let example: serde_yaml::Value = serde_yaml::from_str(&example).unwrap();
    let listed = example["services"].as_sequence().into_iter().flatten().filter_map(|unit| unit.as_str());
    let listed: Vec<&str> = listed.chain(example["kiosk"]["restart_unit"].as_str()).collect();
    assert!(!listed.is_empty(), "the example lists no unit");
    for unit in listed {
        assert!(rule.contains(&format!("\"{unit}\"")), "the rule lacks {unit}");
    }
}
