//! `sanu check --rules`: what would the rules of this program find in what is stored?

use serde_json::{Map, Value as Json, json};

use super::{answer, progress::bar, result};
use crate::{
    app::Base,
    apply::{Difference, RuleCheck},
    french::counted,
};

pub(super) async fn run(base: &Base, json: bool) -> anyhow::Result<()> {
    let mut tx = base.db.read().await?;
    let row = tx.query("SELECT seq FROM apply_state WHERE id = 1").fetch_one().await?;
    let events: i64 = row.get(0)?;
    drop(tx);
    let bar = bar(u64::try_from(events)?, "fiches relues");
    let found = base.applier().check_rules(&mut |done| bar.set_position(done)).await?;
    bar.finish_and_clear();
    if json {
        answer(&report(&found));
    } else {
        result(&summary(&found));
        for (rule, of) in &found.rules {
            let words = sanu_schemas::rule(rule).map_or("", |rule| &rule.message_fr);
            result(&format!("{rule}\t+{}\t-{}\t~{}\t{words}", of.come, of.go, of.change));
        }
    }
    base.db.close().await;
    Ok(())
}

fn report(found: &RuleCheck) -> Json {
    let differences =
        |of: &Difference| json!({ "come": of.come, "go": of.go, "change": of.change });
    let rules: Map<String, Json> =
        found.rules.iter().map(|(rule, of)| (rule.clone(), differences(of))).collect();
    json!({
        "records": found.records,
        "left_out": found.left_out,
        "findings": found.findings,
        "records_that_differ": found.differ,
        "total": differences(&found.total()),
        "rules": rules,
    })
}

fn summary(found: &RuleCheck) -> String {
    let total = found.total();
    let records = counted(found.records, "fiche relue", "fiches relues");
    let left_out = match found.left_out {
        0 => String::new(),
        n => {
            let left =
                counted(n, "illisible ou effacée laissée", "illisibles ou effacées laissées");
            format!(" ({left} de côté)")
        }
    };
    if found.differ == 0 {
        return format!(
            "{records}{left_out} : les contrôles disent la même chose qu'à leur arrivée."
        );
    }
    format!(
        "{records}{left_out} : {}, {}, {}, sur {}. Rien n'a été modifié ; « sanu rebuild » les appliquerait.",
        counted(total.come, "constat apparaîtrait", "constats apparaîtraient"),
        counted(total.go, "disparaîtrait", "disparaîtraient"),
        counted(total.change, "changerait", "changeraient"),
        counted(found.differ, "fiche", "fiches")
    )
}
