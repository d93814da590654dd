import * as whole from "jobgate";
import * as slim from "jobgate/slim";

console.log(whole.JobManager === slim.JobManager);
