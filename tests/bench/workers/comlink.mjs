import { expose, transfer } from "comlink";
import { bytes, nothing, small, spin } from "./bodies.mjs";

expose({ nothing, small, spin, bytes: (buffer) => transfer(bytes(buffer), [buffer]) });
