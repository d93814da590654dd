import pino from "pino";

export const redis = process.env.REDIS_URL ?? "redis://127.0.0.1:6379";
export const queue = "example";
/** How long a job waits for a worker that is silent, in milliseconds. */
export const lock = Number(process.env.LOCK ?? 5000);
export const port = Number(process.env.PORT ?? 3000);
export const host = process.env.HOST ?? "127.0.0.1";
export const logOf = (name) => pino({ name, level: process.env.LOG_LEVEL ?? "info" });
