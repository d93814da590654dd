import { ThreadWorker } from "poolifier-web-worker";
import { nothing, small } from "./bodies.mjs";

export default new ThreadWorker({ nothing, small });
