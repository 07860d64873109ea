import assert from "node:assert/strict";
import fc from "fast-check";
import { readLines } from "../../../../routes/cli/tape/lines.ts";
import { TapeLayoutError } from "../../../../routes/cli/tape/layout.ts";
import { RowReader, type TapeRow, TapeRowError } from "../../../../routes/cli/tape/rows.ts";
import type { RowOptions } from "../../../../routes/cli/tape/rows.ts";
import { anyText } from "../../../support/any_text.ts";
import { recordedTape } from "./bytes.ts";

function read(text: string, options: RowOptions = {}): TapeRow[] {
  const reader = new RowReader(options);
  return text.split("\n")
    .map((line, index) => reader.read({ number: index + 1, text: line, bytes: 0 }))
    .filter((row) => row !== undefined);
}

Deno.test("RowReader reads trades as Tardis records them", () => {
  const rows = read(
    "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n" +
      "binance-futures,BTCUSDT,1582329602111000,1582329602418379,42377944,buy,9682,0.132\n",
  );
  assert.deepEqual(rows, [{
    line: 2,
    time: Date.parse("2020-02-22T00:00:02.111Z"),
    symbol: "BTCUSDT",
    price: "9682",
    source: "binance-futures",
  }]);
});

Deno.test("RowReader reads headerless quotes as their exact middle", () => {
  const rows = read(
    "20200101 170000065,1.121200,1.121720,0\n20200101 170010498,1.121170,1.121611,0",
    { symbol: "EURUSD" },
  );
  assert.deepEqual(rows.map(({ price }) => price), ["1.12146", "1.1213905"]);
  assert.equal(rows[0]?.time, Date.parse("2020-01-01T17:00:00.065Z"));
  assert.equal(rows[0]?.symbol, "EURUSD");
  assert.equal(rows[0]?.source, "tape");
});

Deno.test("RowReader reads every row of a recorded tape", async (context) => {
  const tapes = [
    ["binance-futures-btcusdt-trades.csv", 9_999, "9682", {}],
    ["eurusd-quotes.csv", 9_500, "1.12146", { symbol: "EURUSD" }],
  ] as const;
  for (const [name, rows, price, options] of tapes) {
    const file = await recordedTape(name);
    await context.step({
      name: file === undefined ? `${name} is not on this machine` : name,
      ignore: file === undefined,
      fn: async () => {
        const reader = new RowReader(options);
        let count = 0;
        let first: TapeRow | undefined;
        for await (const line of readLines(file!.readable)) {
          const row = reader.read(line);
          if (row === undefined) continue;
          first ??= row;
          count++;
        }
        assert.equal(count, rows);
        assert.equal(first?.price, price);
      },
    });
  }
});

Deno.test("RowReader takes the columns from a header that names them", () => {
  const rows = read("Price,volume,timestamp,symbol\n1.50,3,2020-01-01T00:00:00Z,X");
  assert.deepEqual(rows, [
    { line: 2, time: Date.parse("2020-01-01"), symbol: "X", price: "1.50", source: "tape" },
  ]);
});

Deno.test("RowReader takes named columns, with and without a header, and blank lines", () => {
  const columns = "timestamp,symbol,_,price";
  for (const header of ["", "when,what,how much,for\n", "\n"]) {
    const rows = read(`${header}1582329602,X,9,"1.5"\n\n1582329603, Y ,9,2\n`, { columns });
    assert.deepEqual(rows.map(({ symbol, price }) => [symbol, price]), [["X", "1.5"], ["Y", "2"]]);
    assert.equal(rows[0]?.time, 1_582_329_602_000);
  }
  const stated = read("100,1.5", { columns: "timestamp:ms,price", symbol: "X" });
  assert.equal(stated[0]?.time, 100);
});

Deno.test("RowReader takes quoted fields, whose commas separate nothing", () => {
  const rows = read(
    'source,symbol,timestamp,price\n"Example, Inc. ""A""", X ,2020-01-01,"1.5"\n"b" , "Y" ,2020-01-01,2',
  );
  assert.deepEqual(rows.map(({ source, symbol, price }) => [source, symbol, price]), [
    ['Example, Inc. "A"', "X", "1.5"],
    ["b", "Y", "2"],
  ]);
});

Deno.test("a row whose quotes make no sense is a bad row, and the next one is read", () => {
  const reader = new RowReader({ columns: "timestamp,symbol,price" });
  const line = (text: string) => reader.read({ number: 1, text, bytes: 0 });
  for (const text of ['"2020-01-01,X,1', '2020-01-01,"X"Y,1', '2020-01-01,X"Y,1']) {
    assert.throws(() => line(text), /^TapeRowError: line 1: quotes: expected them around a whole/);
    assert.equal(line("2020-01-01,X,1")?.price, "1", text);
  }
});

Deno.test("RowReader lets options name every row's symbol and source", () => {
  const options = { columns: "timestamp,symbol,price,source", symbol: "B", source: "mine" };
  assert.deepEqual(
    read("2020-01-01,A,1,theirs", options).map(({ symbol, source }) => [symbol, source]),
    [["B", "mine"]],
  );
});

Deno.test("RowReader passes prices through as they were written, and converts what floats print", () => {
  const fraction = fc.option(fc.stringMatching(/^\d{1,20}$/));
  fc.assert(fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fraction, (n, f) => {
    const price = f === null ? `${n}` : `${n}.${f}`;
    const options = { columns: "timestamp,price", symbol: "X" };
    assert.equal(read(`2020-01-01,${price}`, options)[0]?.price, price);
  }));
  for (
    const [written, exact] of [["1.5e-7", "0.00000015"], [".5", "0.5"], ["+2", "2"], ["5.", "5"]]
  ) {
    const [row] = read(`2020-01-01,${written}`, { columns: "timestamp,price", symbol: "X" });
    assert.equal(row?.price, exact);
  }
});

Deno.test("RowReader names the line of a bad row and what it expects", () => {
  const columns = "timestamp:ms,symbol,price";
  const faults: [row: string, message: RegExp][] = [
    ["1000,X", /^line 2: expected at least 3 columns, found 2$/],
    ["soon,X,1", /^line 2: timestamp "soon": expected milliseconds since 1970$/],
    ["1000,,1", /^line 2: symbol "": expected 1 to 128 characters$/],
    ["1000,X,cheap", /^line 2: price "cheap": expected a decimal such as 9750\.25$/],
    ["1000,X,1e199", /^line 2: price "1e199"/],
    ["1000,X,NaN", /^line 2: price "NaN"/],
  ];
  for (const [row, message] of faults) {
    assert.throws(() => read(`1000,X,1\n${row}`, { columns }), (error) => {
      assert.ok(error instanceof TapeRowError);
      assert.equal(error.line, 2);
      assert.match(error.message, message);
      return true;
    });
  }
  const unit = () =>
    read("1582329602,1\n1582329602000,1", { columns: "timestamp,price", symbol: "X" });
  assert.throws(unit, /^TapeRowError: line 2: timestamp "1582329602000": expected seconds/);
});

Deno.test("RowReader says what is wrong with a layout", () => {
  const layouts: [options: RowOptions, text: string, message: RegExp][] = [
    [{}, "1,2,3", /cannot be detected from the first line/],
    [{}, "20200101 170000065,1.1,1.2,0", /which symbol/],
    [{ columns: "timestamp,prize", symbol: "X" }, "", /unknown column "prize"; use timestamp/],
    [{ columns: "symbol,price" }, "", /no column is named timestamp/],
    [{ columns: "timestamp,symbol,bid" }, "", /name a column price, or two columns bid and ask/],
    [{ columns: "timestamp,symbol,price,price" }, "", /two columns are named price/],
    [{ columns: "timestamp:hours,symbol,price" }, "", /unknown time format "hours"/],
    [{ columns: "timestamp,symbol:ms,price" }, "", /unknown column "symbol:ms"/],
  ];
  for (const [options, text, message] of layouts) {
    assert.throws(() => read(text, options), (error) => {
      assert.ok(error instanceof TapeLayoutError);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("RowReader answers any text with a row or an error of its own", () => {
  const text = anyText({ maxLength: 80 });
  fc.assert(
    fc.property(text, fc.constantFrom({}, { columns: "timestamp,symbol,price" }), (t, o) => {
      try {
        read(t, o);
      } catch (error) {
        assert.ok(error instanceof TapeRowError || error instanceof TapeLayoutError, String(error));
      }
    }),
  );
});
