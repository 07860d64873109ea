/**
 * What a published event goes through before it is numbered.
 *
 * @module
 */
import { parseSubmission } from "../../../protocol/publish.ts";
import { eventLine } from "../client/market_events.ts";

const line = eventLine(1);
const price = JSON.parse(line);
const named = { ...price, eventId: "order-7461" };

Deno.bench("parse a line of NDJSON", () => void JSON.parse(line));

Deno.bench("validate a price", () => void parseSubmission(price, "events[0]", 0));

Deno.bench("validate a price with an eventId", () => void parseSubmission(named, "events[0]", 0));
