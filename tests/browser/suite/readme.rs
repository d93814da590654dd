//! The README's code, which a test of the package compares with this file.
#![allow(unreachable_pub, reason = "there it is an app's own library")]

use std::error::Error;
use std::time::Duration;

use futures::StreamExt;
use jobgate::browser::{Completion, JobManager, ManagerOptions, RunOptions};

pub async fn report(mut show: impl FnMut(u32)) -> Result<String, Box<dyn Error>> {
    // A key is a String, the state a u32, the result a String; there are no actions. Numbers of options are f64.
    let options = ManagerOptions { concurrency: 2.0, ..ManagerOptions::default() };
    let jobs: JobManager<String, u32, (), String> = JobManager::new(&options)?;
    let job = jobs
        .run_job(
            "report".into(),
            |job| async move {
                for page in 1..=100 {
                    job.sleep(Duration::from_millis(5)).await?; // ends early when asked to stop
                    job.set_state(page);
                }
                Ok("100 pages".to_owned())
            },
            &RunOptions::default(),
        )?
        .into_job();

    let mut pages = job.watch(); // begins with the present state; job.stop().await resolves when the body has ended
    while let Some(page) = pages.next().await {
        show(page);
    }
    match job.result().await {
        Completion::Normal(text) => Ok(text.to_string()), // an Rc, for all who ask
        Completion::Cancelled(_) => Err("stopped".into()),
        Completion::Failed(error) => Err(error.to_string().into()),
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    async fn it_reports() {
        let mut last = 0;
        assert_eq!(super::report(|page| last = page).await.unwrap(), "100 pages");
        assert_eq!(last, 100);
    }
}
