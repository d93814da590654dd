/** Shows what the programs came to, or why they did not, where the test looks for it. */
export const report = (outcomes) =>
  Promise.resolve(outcomes).then(
    (all) => {
      document.body.dataset.outcomes = JSON.stringify(all);
    },
    (error) => {
      document.body.dataset.outcomes = JSON.stringify(`${error.name ?? error.type}: ${error.message}`);
    },
  );
