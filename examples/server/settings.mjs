import pino from "pino";

export const redis = process.env.REDIS_URL ?? "redis://127.0.0.1:6379";
export const queue = "example";
export const port = Number(process.env.PORT ?? 3000);
export const host = process.env.HOST ?? "127.0.0.1";
export const logOf = (name) => pino({ name, level: process.env.LOG_LEVEL ?? "info" });
