import * as jobgate from "jobgate";

globalThis.jobgate = jobgate;
