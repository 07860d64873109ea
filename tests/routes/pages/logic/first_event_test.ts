import assert from "node:assert/strict";
import { parseSubmission } from "../../../../protocol/publish.ts";
import { firstEventCommand } from "../../../../routes/pages/logic/first_event.ts";

const ORIGIN = "http://localhost:8080";

Deno.test("the first event is one that the gateway takes", () => {
  const [, body] = /-d '([^']*)'$/.exec(firstEventCommand(ORIGIN, { kind: "key" }))!;
  const submission = parseSubmission(JSON.parse(body!), "event", 0);
  assert.equal(submission.ok, true, JSON.stringify(submission));
});

Deno.test("the command says who publishes in one way", () => {
  const development = firstEventCommand(ORIGIN, { kind: "development" });
  assert.match(development, /^curl "http:\/\/localhost:8080\/api\/v1\/telemetry\/events" \\$/m);
  assert.match(development, /-H "X-API-Key: \$\(cat data\/development\.key\)"/);
  const ticket = firstEventCommand(ORIGIN, { kind: "ticket", ticket: "abc" });
  assert.match(ticket, /events\?ticket=abc"/);
  assert.doesNotMatch(ticket, /X-API-Key/);
});
