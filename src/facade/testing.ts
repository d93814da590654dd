// "jobgate/testing": time and bodies in your tests' hands, in any runner, without faking globals.

export { type TestClock, type TestClockOptions, useTestClock } from "./testing/clock.js";
export { type TestContext, type TestContextOptions, testContext } from "./testing/context.js";
