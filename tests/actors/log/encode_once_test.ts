import assert from "node:assert/strict";
import { marketData, position, riskAlert, traderStatus } from "../../support/events.ts";
import { withGateway } from "../../support/fake_gateway.ts";

/** The texts that are parsed while something is done. */
async function parsedDuring(act: () => Promise<unknown>): Promise<string[]> {
  const texts: string[] = [];
  const { parse } = JSON;
  JSON.parse = (text: string, reviver?: Parameters<typeof parse>[1]) => {
    texts.push(text);
    return parse(text, reviver);
  };
  try {
    await act();
  } finally {
    JSON.parse = parse;
  }
  return texts;
}

Deno.test("nothing that was just serialised is parsed, for filters, v1 or incidents", async () => {
  await withGateway({}, async (fake) => {
    const channels = ["risk-alerts", "trader-status", "positions", "market-data"];
    const old = fake.connect({ channels });
    const picky = fake.connect({ protocol: "telemetry.v2" });
    const filter = { symbols: ["BTCUSDT"], traderIds: ["42"], minSeverity: "WARNING" };
    picky.say({
      id: "1",
      action: "subscribe",
      channels: channels.map((name) => ({ name, filter })),
    });
    await fake.publish(riskAlert("a"));
    await fake.settled(fake.gateway.eventLog.append("desk", [{ acknowledge: { id: "a" } }]));
    const texts = await parsedDuring(async () => {
      await fake.publish(
        riskAlert("a"),
        riskAlert("b", { traderId: "7" }),
        traderStatus("42"),
        position("p1"),
        position("p1", { status: "CLOSED" }),
        marketData("BTCUSDT", "1"),
        marketData("ETHUSDT", "2"),
      );
      await fake.clock.advanceAsync(100);
    });
    assert.deepEqual(texts, []);
    assert.equal(old.socket.events.length, 9);
    assert.equal(old.socket.events[2]!.data!["status"], "ACKNOWLEDGED");
    const seen = picky.socket.frames.map((frame) => JSON.parse(frame))
      .filter(({ type }) => type === "events")
      .reduce((sum, { events }) => sum + events.length, 0);
    assert.equal(seen, 7, "three of alert a, the trader, two of the position, one price");
  });
});
