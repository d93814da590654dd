import { anything } from "../../values.js";
import { listener, number, options, text } from "../arguments.js";
import type { Any, Draw } from "../draw.js";
import type { Call, World } from "../world.js";
import { readSome } from "./manager.js";
import { one } from "./runner.js";

const PATHS = ["jobs", "jobs/1", "jobs/mine", "jobs/1/progress", "jobs/mine/retry", "job-types", "stats", "jobs/%E0"];

const handlerFields = (world: World, draw: Draw) => ({
  base: () => text(draw, "/api", "/api/"),
  keepAlive: () => number(draw, 1, 1000),
  authorize: () =>
    draw.mostly(
      () => () => true,
      () => listener(world, draw),
    ),
  cors: () => options(draw, { origin: () => text(draw, "*", "https://app.example") }),
});

function request(draw: Draw): Any {
  const path = draw.random.pick(PATHS);
  const method = draw.random.pick(["GET", "GET", "POST", "DELETE", "HEAD"]);
  draw.note(`${method} ${path}`);
  const body = draw.random.pick(['{"type":"mine"}', '{"type":"echo","id":"mine"}', '{"type":5}', "{", "[]"]);
  return new Request(`http://localhost/api/${path}`, {
    method,
    headers: { "Content-Type": "application/json", "Last-Event-ID": draw.random.pick(["", "1", "2", "x"]) },
    ...(method === "POST" && { body }),
  });
}

const handler = (world: World, draw: Draw): Any =>
  world.package.runner.jobHandler(
    draw.mostly(
      () => one(world, draw),
      () => anything(draw),
    ),
    options(draw, handlerFields(world, draw)),
  );

/** Answered, and what the answer streams read as far as it goes. */
function takes(world: World, draw: Draw, answer: Promise<Response> | undefined): void {
  if (answer === undefined) return;
  const taken = answer.then(({ body }) => body && readSome(world, draw, body));
  world.settles("an answer over HTTP", taken);
}

export const httpCalls: Readonly<Record<"jobHandler" | "jobFetch", Call>> = {
  jobHandler: (world, draw) =>
    takes(
      world,
      draw,
      handler(
        world,
        draw,
      )(
        draw.mostly(
          () => request(draw),
          () => anything(draw),
        ),
      ),
    ),
  jobFetch(world, draw) {
    const otherwise = async () => new Response("elsewhere");
    const ask = world.package.runner.jobFetch(
      draw.mostly(
        () => handler(world, draw),
        () => anything(draw),
      ),
      draw.mostly(
        () => otherwise,
        () => anything(draw),
      ),
    );
    takes(world, draw, ask(request(draw)));
  },
};
