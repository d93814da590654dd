import { Transfer, worker } from "workerpool";
import { bytes, nothing, small, spin } from "./bodies.mjs";

worker({ nothing, small, spin, bytes: (buffer) => new Transfer(bytes(buffer), [buffer]) });
