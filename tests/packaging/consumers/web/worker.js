import { outcomes } from "./anywhere.js";

outcomes.then(postMessage);
