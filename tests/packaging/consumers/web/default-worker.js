import "jobgate/worker/default";
