// What the entries declare compiles in a project whose `lib` is older than the package's own.
export type * from "jobgate";
export type * from "jobgate/agents";
export type * from "jobgate/queue-client";
export type * from "jobgate/runner";
export type * from "jobgate/service-worker";
export type * from "jobgate/shared";
export type * from "jobgate/slim";
export type * from "jobgate/testing";
export type * from "jobgate/worker";
export type * from "jobgate/worker-pool";
