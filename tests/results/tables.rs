//! Which tables there are, with which columns, and null for what does not exist.

use super::reading::{self, Table, files};
use super::{ATTACKED, QUANTITIES, ran};
use byzsim::campaign::{Campaign, CampaignOptions};
use byzsim::scenario::{Catalogues, ScenarioFile};
use parquet::record::Field;
use serde_json::Value;

#[test]
fn every_table_has_its_columns_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "{ATTACKED}[record]\nevery_ms = 25\n[sweep]\nrule = {{ mean = {{ kind = \"average\" }} }}\nseed = [3]"
    );
    let catalogues = Catalogues::default();
    let file =
        ScenarioFile::parse("test.toml", &text, "test", "".into(), &[], &catalogues).unwrap();
    let campaign = Campaign::new(file, None, catalogues);
    let options = CampaignOptions {
        folder: folder.path().to_owned(),
        threads: Some(1),
        ..CampaignOptions::default()
    };
    let ended = campaign.run(&options, |_| {}).unwrap();
    assert!(ended.unwritten.is_none());
    let run = reading::only_run(folder.path());
    let id = run.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(
        id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit()),
        "{id}"
    );

    let spread =
        |q: &&str| ["mean", "min", "q25", "median", "q75", "max"].map(|p| format!("{q}_{p}"));
    let rounds = [
        "iteration,epoch,simulated_ms,group,agents",
        &QUANTITIES
            .iter()
            .flat_map(spread)
            .collect::<Vec<_>>()
            .join(","),
        "byzantine_weight,byzantine_accepted,honest_same_group_rejected,starved,models_used",
        "round_ms,wall_us",
    ]
    .join(",");
    let agents = [
        "iteration,epoch,simulated_ms,agent,group",
        &QUANTITIES.join(","),
        "byzantine_weight,models_used,missing,late,starved,age_iterations_max,age_ms_max",
    ]
    .join(",");
    for (name, columns) in [
        ("rounds", rounds.as_str()),
        ("timeline", rounds.as_str()),
        ("agents", agents.as_str()),
        (
            "weights",
            "receiver,sender,iteration,simulated_ms,message,age_iterations,age_ms,loss,\
             accumulated,weight,accepted,held",
        ),
        (
            "latency",
            "histogram,clock,from_iteration,to_iteration,count,min,mean,p50,p90,p99,p999,max",
        ),
        (
            "network/agents",
            "agent,name,group,byzantine,attack,x,y,degree,byzantine_neighbors,speed,sets,steady_loss,\
             steady_regret,final_loss,final_test_loss,final_accuracy",
        ),
        ("network/edges", "from_iteration,from,to,delay_mean_ms,drop"),
    ] {
        let table = Table::read(&run, name);
        assert_eq!(
            table.columns.join(","),
            format!("point,rule,seed,{columns}"),
            "{name}"
        );
        assert!(!table.rows.is_empty(), "{name}");
        assert!(table.texts("point").iter().all(|point| *point == id));
        assert!(table.texts("rule").iter().all(|rule| rule == "mean"));
        assert!(table.all("seed").iter().all(|&seed| seed == 3.0));
        for column in &table.columns {
            let about = &table.about[column];
            assert!(
                about["about"].as_str().is_some_and(|a| !a.is_empty()),
                "{name} {column}"
            );
            let unit = about["unit"].as_str().unwrap();
            if column.ends_with("_ms") || column.ends_with("_ms_max") {
                assert_eq!(unit, "ms", "{name} {column}");
            }
            if column.ends_with("_us") {
                assert_eq!(unit, "µs", "{name} {column}");
            }
        }
    }
    let points = Table::read(folder.path(), "points");
    assert_eq!(
        points.columns[..8].join(","),
        "id,status,error,fingerprint,data,build,rule,seed"
    );
    for column in [
        "steady_loss_mean",
        "filter_byzantine_weight",
        "messages_sent",
        "wall_s",
    ] {
        assert!(points.has(column), "{column}");
    }
}

#[test]
fn what_does_not_exist_is_null_and_not_zero() {
    let generated = "epochs = 2\n[task]\nkind = \"activity-recognition\"\nsource = \"generated\"";
    let har = ran(generated, &[]);
    let rounds = har.table("rounds").only("group", "all");
    for quantity in ["regret_mean", "deviation_max"] {
        assert!(rounds.is_null(quantity), "{quantity}");
    }
    assert_eq!(rounds.texts("data")[0], "generated recordings, not UCI HAR");
    // There is no attacker, so no share of attackers' models.
    assert!(rounds.is_null("byzantine_accepted"));
    let per_epoch = har.plan.world.iterations_per_epoch().unwrap();
    let accuracy = rounds.numbers("accuracy_mean");
    for (iteration, accuracy) in (0..).zip(accuracy) {
        let evaluated = (iteration + 1) % per_epoch == 0;
        assert_eq!(accuracy.is_some(), evaluated, "iteration {iteration}");
    }
    let epochs = rounds.all("epoch");
    assert!(
        (0..)
            .zip(&epochs)
            .all(|(i, &epoch)| epoch == (i / per_epoch) as f64)
    );
    let json = har.summary.json();
    assert_eq!(json["final"]["regret"], serde_json::json!({}));
    assert_eq!(json["filter"]["byzantine_accepted"], Value::Null);
    assert_eq!(json["filter"]["shut_out_iteration"], Value::Null);

    let localization = ran(ATTACKED, &["rule.kind=\"average\""]);
    let rounds = localization.table("rounds").only("group", "all");
    for quantity in ["accuracy_mean", "test_loss_min", "epoch"] {
        assert!(rounds.is_null(quantity), "{quantity}");
    }
    assert!(rounds.all("regret_mean").iter().all(|&regret| regret > 0.0));
    assert!(localization.table("weights").is_null("message"));
    assert!(localization.table("weights").is_null("accumulated"));
}

/// Null stands where nothing is; a NaN in a file would be equal to nothing, itself included.
#[test]
fn no_file_holds_a_nan() {
    for step_size in ["0.01", "1e30"] {
        let step_size = format!("learner.step_size={step_size}");
        let more = [
            &step_size,
            "record.weights=\"all\"",
            "rule.kind=\"average\"",
        ];
        let ran = ran(ATTACKED, &more);
        let tables = files(ran.folder.path());
        let names = tables
            .iter()
            .filter_map(|name| name.strip_suffix(".parquet"));
        for row in names.flat_map(|name| ran.table(name).rows) {
            let is_nan = |field: &Field| matches!(field, Field::Double(x) if x.is_nan());
            assert!(!row.iter().any(is_nan), "{step_size}");
        }
    }
}
