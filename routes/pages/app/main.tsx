/**
 * The entry of the dashboard.
 *
 * @module
 */
import { render } from "preact";
import "./preferences.ts";
import { startPage } from "./page.ts";
import { App } from "./app.tsx";

render(<App />, document.getElementById("app")!);
startPage();
