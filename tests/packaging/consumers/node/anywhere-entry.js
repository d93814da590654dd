import { outcomes } from "./anywhere.js";

console.log(JSON.stringify(await outcomes));
