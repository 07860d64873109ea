import assert from "node:assert/strict";
import { Big } from "../../../actors/sources/money.ts";
import { REPEAT_MILLIS, RiskDesk, type RiskView } from "../../../actors/sources/risk_desk.ts";

const moment = (at: number) => ({ at, time: new Date(at).toISOString() });

function view(exposure: number, net: number, stopLoss?: RiskView["stopLoss"]): RiskView {
  const base = { traderId: "t1", traderName: "Aster" };
  const amounts = { exposure: new Big(exposure), net: new Big(net) };
  return stopLoss === undefined ? { ...base, ...amounts } : { ...base, ...amounts, stopLoss };
}

function desk(): RiskDesk {
  return new RiskDesk({ exposure: new Big(1_000), dailyLoss: new Big(100) });
}

Deno.test("RiskDesk is silent within the limits", () => {
  const verdict = desk().review(view(1_000, -79), moment(0));
  assert.deepEqual(verdict, { alerts: [], mayOpen: true, mustStop: false });
});

Deno.test("RiskDesk repeats an alert under the same id while its condition lasts", () => {
  const guard = desk();
  const raised: [at: number, id: string][] = [];
  for (let at = 0; at <= 25_000; at += 1_000) {
    const { alerts, mayOpen } = guard.review(view(1_200, 0), moment(at));
    assert.equal(mayOpen, false);
    for (const { data } of alerts) {
      raised.push([at, data.id]);
      assert.equal(data.violations[0]?.details["since"], moment(0).time);
    }
  }
  assert.deepEqual(raised, [0, REPEAT_MILLIS, 2 * REPEAT_MILLIS].map((at) => [at, "t1-exposure"]));
  assert.equal(guard.review(view(0, 0), moment(26_000)).alerts.length, 0);
  assert.equal(guard.review(view(1_200, 0), moment(27_000)).alerts.length, 1);
});

Deno.test("RiskDesk raises the severity at once, and stops a trader far beyond the limit", () => {
  const guard = desk();
  const steps = [[-80, "WARNING", "WARN"], [-100, "CRITICAL", "BLOCK"]] as const;
  for (const [net, severity, recommendation] of steps) {
    const { alerts, mustStop } = guard.review(view(0, net), moment(-net));
    assert.equal(alerts[0]?.data.severity, severity);
    assert.equal(alerts[0]?.data.recommendation, recommendation);
    assert.equal(mustStop, false);
  }
  assert.equal(guard.review(view(0, -125), moment(200)).mustStop, true);
});

Deno.test("RiskDesk tells of a stop loss for a while", () => {
  const guard = desk();
  const stop = { at: 0, positionId: "p1", loss: new Big("1.5") };
  const [alert] = guard.review(view(0, 0, stop), moment(0)).alerts;
  assert.equal(alert?.data.violations[0]?.type, "STOP_LOSS");
  assert.equal(alert?.data.violations[0]?.details["loss"], "1.50");
  assert.equal(guard.review(view(0, 0, stop), moment(60_000)).alerts.length, 0);
});
