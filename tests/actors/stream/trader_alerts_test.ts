import assert from "node:assert/strict";
import { ChannelLog, type LoggedEvent } from "../../../actors/stream/channel_log.ts";
import { TraderAlerts } from "../../../actors/stream/trader_alerts.ts";
import { CHANNEL_SPECS } from "../../../protocol/channels.ts";
import { storedEvent } from "../../support/stream_fixture.ts";

const log = new ChannelLog("e1", 0, 1);

function alert(seq: number, trader: string | null, key: string, fill = 0): LoggedEvent {
  return log.beyond(storedEvent("risk-alerts", seq, key, { fill, fields: { traderId: trader } }));
}

function alerts(idsPerTrader: number, maxBytes?: number): TraderAlerts {
  return new TraderAlerts(CHANNEL_SPECS["risk-alerts"], idsPerTrader, maxBytes);
}

const seqs = (it: TraderAlerts) => it.all().map(({ seq }) => seq);

Deno.test("each trader has the last of its ids, whatever others publish, and so have those without", () => {
  const it = alerts(2);
  it.put(alert(1, "quiet", "a"));
  it.put(alert(2, null, "a"));
  for (let seq = 3; seq <= 9; seq++) it.put(alert(seq, "busy", `b${seq}`));
  it.put(alert(10, "busy", "a"));
  assert.deepEqual(seqs(it), [1, 2, 9, 10]);
  assert.equal(it.size, 4);
});

Deno.test("beyond the bytes the trader goes that was quiet for longest, whole", () => {
  const it = alerts(10, 5_000);
  it.put(alert(1, "quiet", "a", 1_000));
  it.put(alert(2, "quiet", "b", 1_000));
  it.put(alert(3, "other", "a", 1_000));
  it.put(alert(4, "busy", "a", 1_000));
  assert.deepEqual(seqs(it), [1, 2, 3, 4]);
  it.put(alert(5, "busy", "b", 2_000));
  assert.deepEqual(seqs(it), [3, 4, 5]);
  it.put(alert(6, "busy", "c", 9_000));
  assert.deepEqual(seqs(it), [4, 5, 6], "the trader of the newest event stays");
});
