//! Twenty displays at one site, which share its uplink and give each other what they have, beside one
//! display alone. All of them are told at once.

use anyhow::Result;
use migrado_tests::editor;
use migrado_tests::network::Proxy;
use migrado_tests::wait::{seconds, until};
use serde_json::json;
use tokio::time::Instant;

use super::display::Display;
use super::world::site_id_of;
use super::{Rows, SITE_DISPLAYS, Stage, settle};

/// What nineteen further displays may add to the first one's bytes: handshakes, lists, and what two of
/// them fetch at the same time.
const BAR: f64 = 1.3;

pub(super) async fn rows(stage: &mut Stage, rows: &mut Rows) -> Result<()> {
    let template = stage.template().await?;
    let mut alone = stage.with_v1().await?;
    let uplink = Proxy::before(stage.world.controller.ports.terminal).await;
    let mut displays = Vec::new();
    for n in 1..=SITE_DISPLAYS {
        let id = site_id_of(n);
        let mut display = Display::enrolled(&stage.world, &id, Some(&template), Some(&uplink)).await?;
        display.start(&stage.world).await?;
        settle(&stage.world, &display, &stage.v1).await?;
        until(&format!("{id} says where it serves"), seconds(60), || async {
            let seen = stage.world.api.terminal(&id).await.map_err(|e| format!("{e:#}"))?;
            if seen["content"]["serves_at"].is_string() { Ok(()) } else { Err(seen["content"].to_string()) }
        })
        .await;
        displays.push(display);
    }
    let v2 = stage.world.publish(&stage.folders.v2).await?;
    stage.world.rests().await?;
    let one = alone.update(&stage.world, &v2, false).await?.https.sum() as f64;
    alone.stop().await;

    let before = uplink.bytes();
    let began = Instant::now();
    for display in &displays {
        editor::want(&stage.world.api, &display.terminal.id, json!({"release": v2.name})).await?;
    }
    for display in &mut displays {
        display.switched(&v2).await?;
    }
    let took = began.elapsed();
    for display in &displays {
        stage.world.confirmed(&display.terminal.id, &v2).await;
    }
    let all = uplink.bytes().since(before).sum() as f64;
    println!(
        "   {SITE_DISPLAYS} displays: {all} B https over the uplink, the last one has switched after {took:.1?}"
    );
    for display in &mut displays {
        display.stop().await;
        std::fs::remove_dir_all(display.content())?;
    }
    rows.at_most("20 displays at a site, uplink vs one display", all, one, "bytes", BAR);
    Ok(())
}
