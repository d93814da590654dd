//! The README's code, which a test of the package compares with this file.
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn the_code_of_the_readme() {
    run().await.unwrap();
}

#[rustfmt::skip]
async fn run() -> Result<(), Box<dyn std::error::Error>> {
    use std::time::Duration;
    use futures::StreamExt;
    use jobgate::browser::{Completion, JobManager, ManagerOptions, RunOptions};

    let jobs: JobManager<String, u32, (), String> = JobManager::new(&ManagerOptions { concurrency: 2.0, ..ManagerOptions::default() })?;
    let job = jobs
        .run_job("report".into(), |job| async move {
            for page in 1..=100 {
                job.sleep(Duration::from_millis(5)).await?; // ends early when asked to stop
                job.set_state(page);
            }
            Ok("100 pages".to_owned())
        }, &RunOptions::default())?
        .into_job();

    let mut pages = job.watch(); // begins with the present state; job.stop().await resolves when the body has ended
    while let Some(page) = pages.next().await { println!("page {page}"); }
    if let Completion::Normal(text) = job.result().await { println!("{text}"); }
    assert_eq!(job.state(), 100);
    Ok(())
}
