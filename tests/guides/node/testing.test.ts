import { it } from "vitest";
import { endsWhenStopped, reportsEachPart } from "../../.guides/testing/body.ts";
import { retriesAfterSeconds } from "../../.guides/testing/retries.ts";

it("a retry's wait is moved through by the test's clock", retriesAfterSeconds);
it("a body alone reports each part", reportsEachPart);
it("a body alone ends when it is stopped", endsWhenStopped);
