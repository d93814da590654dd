import { exposeJobs, transfer } from "jobgate/worker";
import { bytes, nothing, small, spin } from "./bodies.mjs";

exposeJobs({ nothing, small, spin, bytes: (buffer) => transfer(bytes(buffer), [buffer]) });
