/**
 * A page of history: put together from the stored JSON of its events, against parsing each of them
 * and writing the whole. It is why `routes/api/history.ts` does not use `JSON.stringify`.
 *
 * @module
 */
import { MAX_HISTORY_PAGE } from "../../../protocol/api.ts";
import { BENCH_EPOCH, marketEvents } from "./event.ts";

const events = marketEvents(MAX_HISTORY_PAGE);
const head = events.length;

Deno.bench(
  "a page of 1,000 events: stored JSON as it is",
  { group: "page", baseline: true },
  () => {
    const texts = events.map(({ seq, timestamp, data }) =>
      `{"seq":${seq},"timestamp":${timestamp},"data":${data}}`
    );
    void `{"channel":"market-data","epoch":"${BENCH_EPOCH}","head":${head},"events":[${texts.join()}]}`
      .length;
  },
);

Deno.bench("a page of 1,000 events: parsed and written again", { group: "page" }, () => {
  const page = events.map(({ seq, timestamp, data }) => ({
    seq,
    timestamp,
    data: JSON.parse(data),
  }));
  void JSON.stringify({ channel: "market-data", epoch: BENCH_EPOCH, head, events: page }).length;
});
