import assert from "node:assert/strict";
import {
  type IssuedTicket,
  LINK_TICKET_MILLIS,
  TICKET_MILLIS,
  Tickets,
} from "../../../actors/access/tickets.ts";
import { TEST_EPOCH, TestClock } from "../../support/test_clock.ts";

const DESK = { name: "desk", secretId: "0a1b2c3d" };

function tickets(limits: { perKey?: number; all?: number } = {}) {
  const clock = new TestClock();
  return { clock, tickets: new Tickets(clock, { perKey: 10, all: 20, ...limits }) };
}

function issued(answer: ReturnType<Tickets["issue"]>): IssuedTicket {
  if (typeof answer === "string") return assert.fail(`refused: ${answer}`);
  return answer;
}

Deno.test("a ticket carries the rights of the one who asked for it, once", () => {
  const { tickets: all } = tickets();
  const { ticket, expiresAt } = issued(all.issue(DESK));
  assert.equal(expiresAt, TEST_EPOCH + TICKET_MILLIS);
  assert.deepEqual(all.use(ticket, ["use"]), DESK);
  assert.equal(all.use(ticket, ["use"]), undefined);
  assert.deepEqual([all.issued, all.used, all.size], [1, 1, 0]);
});

Deno.test("tickets are long, differ, and need no escaping in a URL", () => {
  const { tickets: all } = tickets();
  const [one, other] = [issued(all.issue(DESK)).ticket, issued(all.issue(DESK)).ticket];
  assert.match(one, /^[\w-]{32}$/);
  assert.notEqual(one, other);
});

Deno.test("a ticket that nobody used counts for 60 s", () => {
  const { clock, tickets: all } = tickets();
  const [early, late] = [issued(all.issue(DESK)).ticket, issued(all.issue(DESK)).ticket];
  clock.advance(TICKET_MILLIS - 1);
  assert.deepEqual(all.use(early, ["use"]), DESK);
  clock.advance(1);
  assert.equal(all.use(late, ["use"]), undefined);
});

Deno.test("a clock that is set prolongs no ticket", () => {
  const { clock, tickets: all } = tickets();
  const { ticket } = issued(all.issue(DESK));
  clock.step(-3_600_000);
  clock.advance(TICKET_MILLIS);
  assert.equal(all.use(ticket, ["use"]), undefined);
});

Deno.test("the ticket of a link counts for 15 minutes, and to begin a session alone", () => {
  const { clock, tickets: all } = tickets();
  const { ticket, expiresAt } = issued(all.issue(DESK, "link"));
  assert.equal(expiresAt, TEST_EPOCH + LINK_TICKET_MILLIS);
  clock.advance(LINK_TICKET_MILLIS - 1);
  assert.equal(all.use(ticket, ["use"]), undefined);
  assert.deepEqual(all.use(ticket, ["use", "link"]), DESK, "the wrong use took nothing away");
  assert.equal(all.use(ticket, ["use", "link"]), undefined);
});

Deno.test("the tickets that wait are bounded for each key and in all", () => {
  const { clock, tickets: all } = tickets({ perKey: 2, all: 3 });
  const { ticket } = issued(all.issue(DESK));
  issued(all.issue(DESK));
  assert.equal(all.issue(DESK), "key");
  issued(all.issue({ name: "core", secretId: "1" }));
  assert.equal(all.issue({ name: "ops", secretId: "2" }), "all");
  all.use(ticket, ["use"]);
  issued(all.issue({ name: "ops", secretId: "2" }));
  clock.advance(TICKET_MILLIS);
  issued(all.issue(DESK));
  assert.equal(all.size, 1, "those whose time is over make room");
});
