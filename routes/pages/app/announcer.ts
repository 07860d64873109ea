/**
 * Announces critical alerts, as far as somebody wishes: by sound, by the browser, and to those who
 * listen to the page.
 *
 * @module
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Live } from "../data/live.ts";
import type { Alert } from "../logic/alerts.ts";
import { NewCritical } from "../logic/new_critical.ts";
import { notify, sound } from "./preferences.ts";

/** Most notifications at once; more alerts are one notification. */
const MAX_NOTIFICATIONS = 3;

const announced = signal("");
const refused = signal(false);
let audio: AudioContext | undefined;

/** The last announcement, in words. */
export const announcement: ReadonlySignal<string> = announced;

/** Whether the browser was told to show no notifications of this page. */
export const notificationsRefused: ReadonlySignal<boolean> = refused;

/** Announces what comes over a connection, until the result is called. */
export function announceCritical(live: Live): () => void {
  const table = live.stores["risk-alerts"]?.table;
  if (table === undefined) return () => {};
  const alerts = new NewCritical();
  if (table.place !== undefined) alerts.take(table.values(), []);
  return table.on("change", ({ changed, removed }) => {
    const fresh = alerts.take(changed.values(), removed.keys());
    if (fresh.length > 0) announce(fresh);
  });
}

/** Turns the sound on or off; being on, it is heard once. */
export function toggleSound(): void {
  sound.value = sound.value === "on" ? "off" : "on";
  if (sound.value === "on") beep();
}

/** Turns notifications on or off; the browser asks the first time. */
export async function toggleNotifications(): Promise<void> {
  if (notify.value === "on") {
    notify.value = "off";
    return;
  }
  const allowed = "Notification" in globalThis && await Notification.requestPermission();
  refused.value = allowed !== "granted";
  if (!refused.value) notify.value = "on";
}

function announce(alerts: readonly Alert[]): void {
  const [first] = alerts;
  const others = alerts.length > 1 ? ` and ${alerts.length - 1} more` : "";
  announced.value = `Critical alert: ${first!.message}${others}`;
  if (sound.value === "on") beep();
  if (notify.value === "on") show(alerts);
}

function show(alerts: readonly Alert[]): void {
  try {
    for (const { id, message } of alerts.slice(0, MAX_NOTIFICATIONS)) {
      const notification = new Notification("Critical alert", { body: message, tag: id });
      notification.onclick = () => focus();
    }
  } catch { /* Some phones allow notifications of installed pages alone. */ }
}

/** Two short tones. Browsers let a page sound after somebody has touched it. */
function beep(): void {
  try {
    audio ??= new AudioContext();
    audio.resume();
    for (const [at, frequency] of [[0, 880], [0.18, 660]] as const) {
      const tone = new OscillatorNode(audio, { frequency });
      const volume = new GainNode(audio, { gain: 0.15 });
      tone.connect(volume).connect(audio.destination);
      tone.start(audio.currentTime + at);
      tone.stop(audio.currentTime + at + 0.14);
    }
  } catch { /* Without a device for sound there is none. */ }
}
