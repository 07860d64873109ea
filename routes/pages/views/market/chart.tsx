/** @module A line of prices that can be looked at closely with wheel, pointer and keys. */
import type { VNode } from "preact";
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { zone } from "../../app/preferences.ts";
import type { PriceStore } from "../../data/price_store.ts";
import {
  clampSpan,
  nearestPoint,
  panSpan,
  pointsWithin,
  type Span,
  stepPath,
  timeTicks,
  valueSpan,
  valueTicks,
  zoomSpan,
} from "../../logic/chart_scale.ts";
import { formatDecimal } from "../../logic/decimal.ts";
import { formatTime } from "../../logic/times.ts";
import { useSize } from "../../parts/size.ts";

/** Room for what is written, in px. */
const RIGHT = 76;
const BOTTOM = 24;
const TOP = 8;

/** Room that a time takes, in px. */
const TIME_WIDTH = 96;

/** Shortest drag that is one, in px. */
const MIN_DRAG = 6;

/** What is drawn. */
export interface ChartProps {
  readonly prices: PriceStore;
  /** What is looked at; the whole when `undefined`. */
  readonly zoom: Signal<Span | undefined>;
  readonly symbol: string;
  /** Digits after the point of the prices. */
  readonly decimals: number;
}

/** See the module. */
export function Chart({ prices, zoom, symbol, decimals }: ChartProps): VNode {
  const element = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(element).value;
  const pointer = useSignal<number | undefined>(undefined);
  const drag = useSignal<number | undefined>(undefined);
  prices.version.value;
  const whole = { from: prices.points[0]?.at ?? 0, to: prices.points.at(-1)?.at ?? 0 };
  const span = zoom.value ?? whole;
  const inner = { width: Math.max(1, width - RIGHT), height: Math.max(1, height - TOP - BOTTOM) };
  const timeAt = (x: number) => span.from + x / inner.width * (span.to - span.from);
  const show = (next: Span) => zoom.value = next === whole ? undefined : next;
  const latest = useRef({ whole, span, timeAt, show });
  latest.current = { whole, span, timeAt, show };
  useWheel(element, (x, factor) => {
    const { whole, span, timeAt, show } = latest.current;
    show(zoomSpan(span, timeAt(x), factor, whole));
  }, () => zoom.peek() !== undefined);
  const xOf = (event: PointerEvent) =>
    Math.max(
      0,
      Math.min(inner.width, event.clientX - element.current!.getBoundingClientRect().left),
    );
  const keys: Readonly<Record<string, () => void>> = {
    "+": () => show(zoomSpan(span, span.to, 0.5, whole)),
    "-": () => show(zoomSpan(span, span.to, 2, whole)),
    ArrowLeft: () => zoom.value && show(panSpan(span, -0.25, whole)),
    ArrowRight: () => zoom.value && show(panSpan(span, 0.25, whole)),
    Home: () => zoom.value && show(panSpan(span, -1e6, whole)),
    End: () => zoom.value && show(panSpan(span, 1e6, whole)),
    "0": () => zoom.value = undefined,
    Escape: () => zoom.value = undefined,
  };
  return (
    <div
      class="chart"
      ref={element}
      tabIndex={0}
      role="group"
      aria-roledescription="chart"
      aria-label={`Prices of ${symbol}: plus and minus zoom, arrows move, 0 resets`}
      onKeyDown={(event) => {
        const answer = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
        if (answer === undefined || prices.points.length < 2) return;
        event.preventDefault();
        answer();
      }}
      onDblClick={() => zoom.value = undefined}
      onPointerMove={(event) => pointer.value = xOf(event)}
      onPointerLeave={() => pointer.value = undefined}
      onPointerDown={(event) => {
        if (event.button !== 0 || event.pointerType === "touch") return;
        element.current!.setPointerCapture(event.pointerId);
        drag.value = pointer.value = xOf(event);
      }}
      onPointerUp={(event) => {
        const [from, to] = [drag.value ?? 0, xOf(event)].sort((one, other) => one - other);
        if (drag.value !== undefined && to! - from! >= MIN_DRAG) {
          show(clampSpan({ from: timeAt(from!), to: timeAt(to!) }, whole));
        }
        drag.value = undefined;
      }}
      onPointerCancel={() => drag.value = undefined}
    >
      {prices.points.length < 2
        ? <p class="none">The line begins with the second price.</p>
        : (
          <Drawing
            prices={prices}
            span={span}
            width={inner.width}
            height={inner.height}
            decimals={decimals}
            pointer={pointer.value}
            dragged={drag.value}
          />
        )}
    </div>
  );
}

function Drawing({ prices, span, width, height, decimals, pointer, dragged }: {
  readonly prices: PriceStore;
  readonly span: Span;
  readonly width: number;
  readonly height: number;
  readonly decimals: number;
  readonly pointer: number | undefined;
  readonly dragged: number | undefined;
}): VNode {
  const points = pointsWithin(prices.points, span);
  const values = valueSpan(points);
  const x = (at: number) => (at - span.from) / (span.to - span.from || 1) * width;
  const y = (value: number) => TOP + (values.to - value) / (values.to - values.from) * height;
  const price = (value: number) => formatDecimal(value.toFixed(decimals));
  const offset = zone.value === "utc" ? 0 : -new Date(span.to).getTimezoneOffset() * 60_000;
  const times = timeTicks(span, Math.max(1, Math.floor(width / TIME_WIDTH)), offset);
  const at = pointer === undefined
    ? undefined
    : nearestPoint(prices.points, span.from + pointer / width * (span.to - span.from));
  const last = points.at(-1)!;
  return (
    <svg width={width + RIGHT} height={TOP + height + BOTTOM} aria-hidden="true">
      <clipPath id="plot">
        <rect width={width} height={TOP + height} />
      </clipPath>
      <g class="grid">
        {valueTicks(values, Math.max(2, height / 60)).map((value) => (
          <g key={value}>
            <path d={`M0 ${y(value)}H${width}`} />
            <text x={width + 8} y={y(value) + 4}>{price(value)}</text>
          </g>
        ))}
        {times.map((time) => (
          <g key={time}>
            <path d={`M${x(time)} ${TOP}V${TOP + height}`} />
            <text class="time" x={x(time)} y={TOP + height + 17}>
              {formatTime(time, zone.value)}
            </text>
          </g>
        ))}
      </g>
      <path class="line" clip-path="url(#plot)" d={stepPath(points, x, y)} />
      <path class="last" d={`M0 ${y(last.value)}H${width}`} />
      <Label x={width} y={y(last.value)} text={price(last.value)} name="now" />
      {dragged !== undefined && pointer !== undefined && (
        <rect
          class="selection"
          x={Math.min(dragged, pointer)}
          y={TOP}
          width={Math.abs(pointer - dragged)}
          height={height}
        />
      )}
      {at !== undefined && (
        <g class="cursor">
          <path d={`M${x(at.at)} ${TOP}V${TOP + height}`} />
          <circle cx={x(at.at)} cy={y(at.value)} r="3.5" />
          <Label x={width} y={y(at.value)} text={price(at.value)} name="at" />
          <text
            class="time"
            x={Math.max(34, Math.min(width - 34, x(at.at)))}
            y={TOP + height + 17}
          >
            {formatTime(at.at, zone.value)}
          </text>
        </g>
      )}
    </svg>
  );
}

function Label({ x, y, text, name }: {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly name: string;
}): VNode {
  return (
    <g class={`label ${name}`}>
      <rect x={x + 2} y={y - 9} width={RIGHT - 4} height="18" rx="3" />
      <text x={x + 8} y={y + 4}>{text}</text>
    </g>
  );
}

/** Zooms with the wheel; out of the whole it scrolls the page. */
function useWheel(
  element: { readonly current: HTMLElement | null },
  zoom: (x: number, factor: number) => void,
  isZoomed: () => boolean,
): void {
  useEffect(() => {
    const target = element.current!;
    const turned = (event: WheelEvent) => {
      if (event.deltaY > 0 && !isZoomed()) return;
      event.preventDefault();
      zoom(event.clientX - target.getBoundingClientRect().left, Math.exp(event.deltaY * 0.002));
    };
    target.addEventListener("wheel", turned, { passive: false });
    return () => target.removeEventListener("wheel", turned);
  }, []);
}
