// examples/server/compose.yaml, where there is no Docker: that it is YAML, and says only what Compose knows.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseDocument } from "yaml";

const folder = join(import.meta.dirname, "../../examples/server");
const document = parseDocument(readFileSync(join(folder, "compose.yaml"), "utf8"), { uniqueKeys: true, strict: true });
const compose = document.toJS() as {
  services: Record<string, Record<string, unknown>>;
  volumes: Record<string, unknown>;
};

/** Of a service, those of the Compose specification that are used here. */
const KNOWN = [
  "image",
  "build",
  "command",
  "environment",
  "ports",
  "volumes",
  "depends_on",
  "stop_grace_period",
  "deploy",
];

test("compose.yaml is well-formed, and its services name each other, its volumes and scripts that are there", () => {
  expect([...document.errors, ...document.warnings]).toEqual([]);
  expect(Object.keys(compose).sort()).toEqual(["services", "volumes"]);
  const names = Object.keys(compose.services);
  expect(names.sort()).toEqual(["gateway", "redis", "worker"]);
  for (const service of Object.values(compose.services)) {
    expect(Object.keys(service).filter((name) => !KNOWN.includes(name))).toEqual([]);
    expect("image" in service || "build" in service).toBe(true);
    for (const other of (service.depends_on ?? []) as string[]) expect(names).toContain(other);
    for (const volume of (service.volumes ?? []) as string[])
      expect(compose.volumes).toHaveProperty(volume.split(":")[0]!);
    for (const value of Object.values((service.environment ?? {}) as object)) expect(typeof value).toBe("string");
    for (const port of (service.ports ?? []) as string[]) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  }
  for (const name of ["gateway", "worker"]) {
    const { environment } = compose.services[name] as { environment: Record<string, string> };
    expect(environment.REDIS_URL).toBe("redis://redis:6379");
  }
  const dockerfile = readFileSync(join(folder, "Dockerfile"), "utf8");
  const scripts = [...dockerfile.matchAll(/"(\w+\.mjs)"/g)].map(([, name]) => name!);
  scripts.push(String(compose.services.worker!.command).split(" ")[1]!);
  expect(scripts).toEqual(["gateway.mjs", "worker.mjs"]);
  for (const script of scripts) expect(readFileSync(join(folder, script), "utf8")).not.toBe("");
});
